import type { QuarantinedMachine } from '../domain/management-unit.ts'
import type { OperationId } from '../domain/marker.ts'
import type { Observed } from '../domain/observed.ts'
import type { Parser, Plain } from '../domain/plain.ts'
import type { Named } from '../domain/plan.ts'
import type { Answer } from '../domain/request.ts'
import type { AddressPool } from './address-pool.ts'
import type { Call } from './call.ts'
import type { Guest } from './guest-access.ts'
import type { HypervisorDriver } from './hypervisor-driver.ts'
import type { LoadBalancer } from './load-balancer.ts'
import type { Tree } from './tree.ts'

/** Where a guest is, for {@link StepContext.guest}. Its host keys come from the hypervisor. */
export interface GuestAddress {
  readonly hypervisor: string
  /** Absent for a server that is bound to no machine: then a pin or known hosts must vouch for its key. */
  readonly machine?: string | undefined
  readonly address: string
  readonly port?: number | undefined
}

/** What a step waits for when nothing but people or time can bring it on. */
export interface Wait {
  /** As the end of the sentence "waits for". */
  readonly for: string
  /** The request whose answer ends it. */
  readonly request?: string | undefined
  /** The time that ends it, in milliseconds since 1970 by the store's clock. */
  readonly until?: number | undefined
}

/** Ports as the engine guards them: lease, ownership, limits, tracing. Time comes from here only. */
export interface StepContext extends Call {
  readonly signal: AbortSignal
  readonly operationId: OperationId
  readonly runId: string
  readonly manager: string
  hypervisor(name: string): HypervisorDriver
  balancer(name: string): LoadBalancer
  /** Throws `ERR_NOT_CONFIGURED` when the manager was given none. */
  addresses(): AddressPool
  /** A connection that the run keeps and closes. */
  guest(address: GuestAddress): Promise<Guest>
  /** The files of a definition that servers of a tier get; without a tier all files of that directory. */
  tree(definitionHash: string, tierId?: string): Promise<Tree>
  /** Takes bytes into the store; resolves to the hash by which they are found again. */
  keep(content: Iterable<Uint8Array>): Promise<string>
  /** What the journals say about a server, as lines of JSON, oldest first: the newest runs that fit, or one of them. */
  history(of: {
    readonly unit: string
    readonly slot: string
    readonly maxBytes: number
    readonly run?: string | undefined
  }): Promise<string>
  /** The machines in quarantine of those groups of a unit on which the run has a claim. */
  kept(unit: string): Promise<readonly QuarantinedMachine[]>
  /** Waits until no other step of the run is at work under this name, then works. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>
  /** What people have answered to the request that bears this operation id, and the time of the store. */
  answer(): Promise<{ readonly given?: Answer | undefined; readonly time: number }>
  /**
   * Gives the turn back until the request is answered or the time has come; never resolves. The run goes on with what
   * else there is, then waits without a lease; afterwards the step is looked at again, in whichever process.
   */
  park(wait: Wait): Promise<never>
  now(): number
  /**
   * Says what the step waits for, as the end of the sentence "it waits for …". Cheap, and worth saying before every
   * wait: people see it when the wait has lasted for five seconds.
   */
  waitingFor(what: string): void
  sleep(ms: number, call?: Pick<Call, 'signal'>): Promise<void>
}

/** A pure change of one document, made in the same transaction as the journal record of a step. */
export interface DocumentUpdate {
  readonly key: string
  /** `undefined` in: the document does not exist; out: it is removed. */
  update(value: Plain): Plain
}

export type StepMoment<Output> =
  | { readonly type: 'began' }
  | { readonly type: 'done'; readonly output: Output }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }

/** What a step kind knows when it writes documents. */
export interface RecordContext {
  readonly runId: string
  readonly operationId: OperationId
  readonly now: number
  /** The id of the step in its plan. */
  readonly step: string
  readonly planHash: string
  /** The name of the principal who started the run. */
  readonly requestedBy: string
}

/** The code behind a planned step, found by name and version. */
export interface StepKind<Input = unknown, Output = unknown> extends Named {
  readonly input: Parser<Input>
  readonly output: Parser<Output>
  /**
   * What others rely on is what `records` writes: `only` that, or that `too`. Doing it again does no harm: where a store
   * has lost that, the step is done again, although what came after it proves that it was done.
   */
  readonly livesInRecords?: 'only' | 'too' | undefined
  /** Looks whether the effect is there. Changes nothing. May throw when the step can never succeed. */
  observe(input: Input, context: StepContext): Promise<Observed<Output>>
  /** Has the effect. Safe after `absent` and `partial`, idempotent by operation id. */
  act(input: Input, context: StepContext): Promise<Output>
  /** What the fleet's documents say at each moment of the step. */
  records?(input: Input, moment: StepMoment<Output>, context: RecordContext): readonly DocumentUpdate[]
}
