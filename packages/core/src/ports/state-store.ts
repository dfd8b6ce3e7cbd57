import type { Plain } from '../domain/plain.ts'
import type { Call, Closeable } from './call.ts'

/** A document. `revision` counts from 1 and rises with every write. */
export interface Stored {
  readonly key: string
  readonly revision: number
  readonly value: Plain
}

export interface JournalRecord {
  /** Counts from 1 within its run, without gaps. */
  readonly seq: number
  /** The store's clock, milliseconds since 1970. */
  readonly time: number
  readonly type: string
  readonly data: Plain
  /** SHA-256 over the predecessor's checksum and this record. */
  readonly checksum: string
}

export interface PutDocument {
  readonly key: string
  /** The revision that was read; 0: the key must not exist. */
  readonly revision: number
  /** `undefined` removes the document. */
  readonly value: Plain
}

export interface AppendRecord {
  readonly run: string
  /** What the writer expects to write next. */
  readonly seq: number
  readonly type: string
  readonly data: Plain
}

/** One transaction: documents by compare-and-set, journal records, and the lease that permits them. */
export interface Commit {
  /** Needed for `append`, except for the first record of a run; a `put` alone is guarded by its revision. */
  readonly lease?: Lease | undefined
  readonly put?: readonly PutDocument[] | undefined
  readonly append?: readonly AppendRecord[] | undefined
  /** Runs whose journals are removed as a whole. Needs a lease; what is kept of them is among the documents. */
  readonly forget?: readonly string[] | undefined
}

/** Renewed by the store, off the event loop, by the store's clock. Disposing it gives it back. */
export interface Lease extends AsyncDisposable {
  readonly key: string
  /** Rises with every acquisition of the key: what fences a stale holder off. */
  readonly token: number
  /** Local and synchronous; false from a safety margin before expiry. Asked directly before every mutating call. */
  isHeld(): boolean
  /** Aborts when the lease is lost; not when it is given back. */
  readonly lost: AbortSignal
}

export interface LeaseHolder {
  readonly owner: string
  readonly since: number
  readonly renewedAt: number
  readonly expiresAt: number
}

export interface AcquireOptions extends Call {
  /** Names the process, for people: `host pid`. */
  readonly owner: string
  readonly ttlMs: number
  /** How long to wait for another holder; default 0. */
  readonly waitMs?: number | undefined
  /**
   * `kill`: a holder past its expiry that is stopped in the middle of a write, so that nobody else can write, is ended
   * with SIGKILL; exactly that process. Default: `ERR_STORE_BUSY`, with its pid. Stores that cannot be blocked ignore it.
   */
  readonly takeover?: 'kill' | undefined
}

/** Where everything durable goes: all of a commit or nothing, and only by the holder of the lease. */
export interface StateStore extends Closeable {
  /** In the order of the keys; undefined for a document that does not exist. */
  get(keys: readonly string[], call?: Call): Promise<readonly (Stored | undefined)[]>
  /** Every document whose key starts with `prefix`, ascending by key. */
  list(prefix: string, call?: Call): AsyncIterable<Stored>
  /** Durable when it resolves. Rejects with `ERR_CONFLICT` or `ERR_LEASE_LOST` and has then changed nothing. */
  commit(batch: Commit, call?: Call): Promise<void>
  /** The records of a run from `seq` on. Throws `ERR_STORE_DAMAGED` at the first whose checksum does not follow. */
  journal(run: string, from: number, call?: Call): AsyncIterable<JournalRecord>
  /** Rejects with `ERR_LOCKED`, the holder in its details; with `ERR_STORE_BUSY` when a process keeps others from writing. */
  acquire(key: string, options: AcquireOptions): Promise<Lease>
  /** Who holds a lease now; undefined when nobody does, or it has expired. */
  holder(key: string, call?: Call): Promise<LeaseHolder | undefined>
  /** Content-addressed bytes; resolves to their SHA-256. */
  putBlob(content: AsyncIterable<Uint8Array>, call?: Call): Promise<string>
  /** Rejects with `ERR_NOT_FOUND`; with `ERR_STORE_DAMAGED` when the bytes are not what the hash says. */
  getBlob(hash: string, call?: Call): AsyncIterable<Uint8Array>
  /**
   * When this store was made from a backup, if it ever was: records that were written after that backup are missing
   * in it. Absent in a store whose backups cannot be told from itself.
   */
  readonly restoredAt?: ((call?: Call) => Promise<number | undefined>) | undefined
  /** Milliseconds since 1970 by the store's clock: durable deadlines go by it. */
  now(call?: Call): Promise<number>
}
