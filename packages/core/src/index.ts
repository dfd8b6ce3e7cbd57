export { type Definition, type DefinitionFile, isSafePath } from './domain/definition.ts'
export { DEFAULT_AGENT_PORT, type GroupDeclaration, type ServerDeclaration } from './domain/group-declaration.ts'
export type {
  Beside,
  BesideAddress,
  BesideMachine,
  BoundMachine,
  FaultMark,
  ManagementUnit,
  QuarantinedMachine,
  ReservedAddress,
  ServerGroup,
  VirtualServer,
} from './domain/management-unit.ts'
export { type Marker, type OperationId, sameMarker } from './domain/marker.ts'
export { NAME_PATTERN, NAME_RULE } from './domain/names.ts'
export type { Observed } from './domain/observed.ts'
export type { Parser, Plain } from './domain/plain.ts'
export type {
  Change,
  ChangeAction,
  DraftChange,
  DraftPhase,
  ExpectedFact,
  Gate,
  Named,
  OutputRef,
  Phase,
  Plan,
  PlannedServer,
  PlannedStep,
  SharedSteps,
  SharedValues,
  Wave,
} from './domain/plan.ts'
export { stepsOf } from './domain/planned-steps.ts'
export type { Principal, UnitGrant } from './domain/principal.ts'
export type { Answer, RequestKind } from './domain/request.ts'
export type { ProvidedResources, ResourceRequest, WantedServer } from './domain/resource-request.ts'
export type { ChangeKey, RunEvent, RunRecord } from './domain/run-record.ts'
export type { Outcome, RunState } from './domain/run-state.ts'
export type { LogicalStatus } from './domain/server-status.ts'
export type { Share } from './domain/share.ts'
export type { Slot } from './domain/slot.ts'
export type { Template, TemplateRef, TemplateVersion } from './domain/template.ts'
export {
  type ApplicationCommands,
  type Argv,
  type BalancerConnection,
  type Tier,
  type TierBalancer,
  type TierType,
  UNIT_BALANCER,
} from './domain/tier.ts'
export type { GroupStatus, ObservedStatus, ServerCounts, ServerStatus, UnitStatus } from './domain/unit-status.ts'
export type { DefinitionDifference, UpdateScope } from './domain/update-scope.ts'
export type { ResumeOptions } from './engine/engine.ts'
export { groupOfChange } from './engine/progress.ts'
export type { Timing } from './engine/timing.ts'
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorMeaning,
  isVmunitError,
  VmunitError,
  type VmunitErrorOptions,
} from './errors/index.ts'
export type { Account, Accounts, ChangePassword, CreateAccount } from './manager/accounts.ts'
export { type AddressPoolOptions, createAddressPool } from './manager/address-pool.ts'
export type { Archives } from './manager/archives.ts'
export type { AuditEntry, AuditFilter } from './manager/audit/audit-records.ts'
export type { AuditScope } from './manager/audit/audited.ts'
export type { DefinitionComparison } from './manager/compare-definitions.ts'
export { createManager } from './manager/create-manager.ts'
export type { Definitions } from './manager/definitions.ts'
export type { DiagnoseInput } from './manager/diagnose/diagnose.ts'
export type { DiagnosedPart, Diagnosis, Finding } from './manager/diagnose/diagnosis.ts'
export { type ExitClass, exitClass } from './manager/exit-class.ts'
export type { Explanation } from './manager/explain.ts'
export { formatPlan } from './manager/format-plan.ts'
export type { ServerLoad } from './manager/load/measure-load.ts'
export type { LoadProposal, MeasuredLoad, WatchLoad } from './manager/load/watch-load.ts'
export type { AnswerToRequest, Manager, RetentionPolicy, StartOptions } from './manager/manager.ts'
export type { ManagerOptions } from './manager/manager-options.ts'
export type { DeliverOptions, Notices } from './manager/notices/notices.ts'
export type { PendingRequest, Requests } from './manager/requests.ts'
export type { RegisterTemplate, Templates } from './manager/templates.ts'
export type { CreateUnit, UnitInfo, UnitServer, Units } from './manager/units.ts'
export { applyPatch } from './operations/apply-patch/apply-patch.ts'
export type { ApplyPatchInput } from './operations/apply-patch/patch-input.ts'
export { type ApplyTemplateInput, applyTemplate } from './operations/apply-template/apply-template.ts'
export { type AttachGroupsInput, attachGroups } from './operations/attach-groups/attach-groups.ts'
export { type BlockInput, block } from './operations/block-servers/block.ts'
export { type UnblockInput, unblock } from './operations/block-servers/unblock.ts'
export {
  type CollectLogsInput,
  type CollectLogsResult,
  collectLogs,
  type ServerLogs,
} from './operations/collect-logs/collect-logs.ts'
export {
  type CreateTemplateInput,
  type CreateTemplateResult,
  createTemplate,
} from './operations/create-template/create-template.ts'
export { defineOperation } from './operations/define-operation.ts'
export { type DeleteUnitInput, deleteUnit } from './operations/delete-unit/delete-unit.ts'
export { type DetachGroupsInput, detachGroups } from './operations/detach-groups/detach-groups.ts'
export { type EndQuarantineInput, endQuarantine } from './operations/end-quarantine/end-quarantine.ts'
export type { FleetResult } from './operations/fleet-result.ts'
export {
  type ImportDefinitionInput,
  type ImportDefinitionResult,
  importDefinition,
} from './operations/import-definition/import-definition.ts'
export { type MarkInput, mark } from './operations/mark-group/mark.ts'
export { type UnmarkInput, unmark } from './operations/mark-group/unmark.ts'
export {
  type PatchTemplateInput,
  type PatchTemplateResult,
  patchTemplate,
} from './operations/patch-template/patch-template.ts'
export { type PowerInput, power } from './operations/power-servers/power-servers.ts'
export * as procedure from './operations/procedure.ts'
export { type RecoverServerInput, recoverServer } from './operations/recover-server/recover-server.ts'
export {
  type RequestResourcesInput,
  type RequestResourcesResult,
  requestResources,
} from './operations/request-resources/request-resources.ts'
export {
  type RetireTemplateInput,
  type RetireTemplateResult,
  retireTemplate,
} from './operations/retire-template/retire-template.ts'
export type { QuarantineOptions } from './operations/roll/quarantine-options.ts'
export { type RunScriptInput, runScript } from './operations/run-script/run-script.ts'
export { type ScaleInInput, scaleIn } from './operations/scale-in/scale-in.ts'
export { type ScaleOutInput, scaleOut } from './operations/scale-out/scale-out.ts'
export { type StartInput, start } from './operations/start-servers/start-servers.ts'
export * as steps from './operations/steps/index.ts'
export { type StopInput, stop } from './operations/stop-servers/stop-servers.ts'
export { type UpdateUnitInput, updateUnit } from './operations/update-unit/update-unit.ts'
export type { DefinitionSource } from './ports/definition-source.ts'
export type {
  AcquireOptions,
  AddressPool,
  AddressReservation,
  AppendRecord,
  Authenticator,
  BalancerConnector,
  Call,
  Clock,
  Closeable,
  Command,
  Commit,
  CreateMachine,
  DocumentUpdate,
  Draft,
  ExecResult,
  Finished,
  Guest,
  GuestAccess,
  GuestAddress,
  GuestTarget,
  HypervisorDriver,
  ImageCatalog,
  ImageVersion,
  Inventory,
  InventoryScope,
  JournalRecord,
  Lease,
  LeaseHolder,
  LimitCost,
  LimitedAction,
  LoadBalancer,
  Logger,
  Machine,
  MachineNetwork,
  Notice,
  Notifier,
  Operation,
  OperationScope,
  OwnedMachine,
  Pool,
  PoolMember,
  PublishedImage,
  PutDocument,
  RecordContext,
  Run,
  RunStatus,
  StateStore,
  StepContext,
  StepKind,
  StepMoment,
  Stored,
  Tree,
  TreeFile,
  UnitBalancer,
  UntilOptions,
  Wait,
  World,
} from './ports/index.ts'
