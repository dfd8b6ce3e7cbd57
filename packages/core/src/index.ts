export type { Definition, DefinitionFile } from './domain/definition.ts'
export { DEFAULT_AGENT_PORT, type GroupDeclaration, type ServerDeclaration } from './domain/group-declaration.ts'
export type {
  BoundMachine,
  FaultMark,
  ManagementUnit,
  QuarantinedMachine,
  ServerGroup,
  VirtualServer,
} from './domain/management-unit.ts'
export type { Marker, OperationId } from './domain/marker.ts'
export type { Observed } from './domain/observed.ts'
export type { Parser, Plain } from './domain/plain.ts'
export type {
  Change,
  ChangeAction,
  ExpectedFact,
  Gate,
  Named,
  OutputRef,
  Phase,
  Plan,
  PlannedServer,
  PlannedStep,
  Wave,
} from './domain/plan.ts'
export type { Principal } from './domain/principal.ts'
export type { Outcome, RunState } from './domain/run-state.ts'
export type { LogicalStatus } from './domain/server-status.ts'
export type { Share } from './domain/share.ts'
export type { Slot } from './domain/slot.ts'
export type { Template, TemplateRef, TemplateVersion } from './domain/template.ts'
export type { ApplicationCommands, Argv, Tier, TierBalancer, TierType } from './domain/tier.ts'
export { ERROR_CODES, type ErrorCode, isVmunitError, VmunitError, type VmunitErrorOptions } from './errors/index.ts'
export type { DefinitionSource } from './ports/definition-source.ts'
export type {
  AcquireOptions,
  AddressPool,
  AppendRecord,
  Authenticator,
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
  Notifier,
  Operation,
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
  World,
} from './ports/index.ts'
