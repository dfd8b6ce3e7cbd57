import type { OperationId } from '../domain/marker.ts'
import type { Observed } from '../domain/observed.ts'
import type { Call, Closeable } from './call.ts'
import type { Tree } from './tree.ts'

/** `hostKeys` is what the guest must prove: from the hypervisor, a pin or an attach file, never from the guest itself. */
export interface GuestTarget {
  readonly address: string
  readonly port?: number | undefined
  readonly hostKeys: readonly string[]
  /** Keys that it must not show, whoever vouches for them: those of the image it was made from. */
  readonly refusedHostKeys?: readonly string[] | undefined
}

export interface Command {
  /** The program and its arguments. Never a shell string; NUL bytes are refused. */
  readonly argv: readonly [string, ...(string | Uint8Array)[]]
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** The command's own limit: it is ended when it has run so long. */
  readonly timeoutMs?: number | undefined
}

/** Head and tail of the output are kept, the rest is counted. */
export interface ExecResult {
  readonly exitCode: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly droppedBytes: number
}

export interface GuestAccess extends Closeable {
  /**
   * Connects and verifies the host key before anything else: `ERR_HOST_KEY`, `ERR_HOST_KEY_REUSED`,
   * `ERR_UNAUTHENTICATED`, `ERR_UNAVAILABLE`. While no key is known to verify by, `ERR_HOST_KEY` is retryable.
   */
  open(target: GuestTarget, call?: Call): Promise<Guest>
}

/** One connection to one guest. A guest that cannot be reached rejects every call with `ERR_UNAVAILABLE`, retryable. */
export interface Guest extends Closeable {
  /** For commands that may be repeated (probes, queries). A non-zero exit code resolves; only transport errors reject. */
  exec(command: Command, call?: Call): Promise<ExecResult>
  /** For commands that may not be repeated: starts it detached under `id`; the same id twice starts nothing. */
  startJob(id: OperationId, command: Command, call?: Call): Promise<void>
  /** Finds the job after a crash, a lost connection or a reboot. `unknown`: it began and left no exit code. */
  job(id: OperationId, call?: Call): Promise<Observed<ExecResult>>
  /** Ends a job, and what it started, before its own end. A job that is over or absent is success. */
  stopJob(id: OperationId, call?: Call): Promise<void>
  /** Makes directory `to` hold exactly this tree: only what differs travels, the switch is atomic. Resolves to the tree's hash. */
  push(tree: Tree, to: string, call?: Call): Promise<string>
  /** The hash of the tree that `push` last put in place at `to`; undefined when there is none. */
  pushed(to: string, call?: Call): Promise<string | undefined>
  /** A tar archive of these files and directories; rejects with `ERR_CONFLICT` when it would exceed `maxBytes`. */
  pull(paths: readonly string[], maxBytes: number, call?: Call): AsyncIterable<Uint8Array>
  /** Another value after every boot: how a reboot is known to have happened. */
  bootId(call?: Call): Promise<string>
}
