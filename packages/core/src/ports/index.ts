export type { AddressPool } from './address-pool.ts'
export type { Authenticator } from './authenticator.ts'
export type { BalancerConnector, UnitBalancer } from './balancer-connector.ts'
export type { Call, Closeable } from './call.ts'
export type { Clock } from './clock.ts'
export type { Command, ExecResult, Guest, GuestAccess, GuestTarget } from './guest-access.ts'
export type {
  CreateMachine,
  HypervisorDriver,
  Inventory,
  InventoryScope,
  LimitCost,
  LimitedAction,
  Machine,
  MachineNetwork,
} from './hypervisor-driver.ts'
export type { ImageCatalog, ImageVersion, PublishedImage } from './image-catalog.ts'
export type { LoadBalancer, Pool, PoolMember } from './load-balancer.ts'
export type { Logger } from './logger.ts'
export type { Notice, Notifier } from './notifier.ts'
export type { Draft, Finished, Operation, OperationScope } from './operation.ts'
export type { OwnedMachine } from './owned-machine.ts'
export type { Run, RunStatus, UntilOptions } from './run.ts'
export type {
  AcquireOptions,
  AppendRecord,
  Commit,
  JournalRecord,
  Lease,
  LeaseHolder,
  PutDocument,
  StateStore,
  Stored,
} from './state-store.ts'
export type {
  DocumentUpdate,
  GuestAddress,
  RecordContext,
  StepContext,
  StepKind,
  StepMoment,
  Wait,
} from './step-kind.ts'
export type { Tree, TreeFile } from './tree.ts'
export type { AddressReservation, World } from './world.ts'
