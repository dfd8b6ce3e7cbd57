import type { AppendRecord, JournalRecord, Lease, StateStore, Stored } from '../../../ports/index.ts'

/** How long the leases of the rules last: short enough to see one expire, long enough for a busy machine. */
export const TTL_MS = 600

/** Reads the journal of a run. */
export async function journalOf(store: StateStore, run: string, from = 1): Promise<readonly JournalRecord[]> {
  return await Array.fromAsync(store.journal(run, from))
}

/** Reads one document. */
export async function documentOf(store: StateStore, key: string): Promise<Stored | undefined> {
  return (await store.get([key]))[0]
}

/** A journal record to append. */
export function record(run: string, seq: number, data: AppendRecord['data'] = { seq }): AppendRecord {
  return { run, seq, type: 'noted', data }
}

/** Takes a lease that the rules hold for as long as they like. */
export async function acquire(store: StateStore, key: string, owner = 'contract 1'): Promise<Lease> {
  return await store.acquire(key, { owner, ttlMs: TTL_MS })
}

/** Writes the first `count` records of a run, each in a commit of its own. */
export async function writeRecords(store: StateStore, run: string, count: number): Promise<void> {
  await using lease = await acquire(store, `run/${run}`)
  for (let seq = 1; seq <= count; seq += 1) await store.commit({ lease, append: [record(run, seq)] })
}

/** Bytes as `putBlob` takes them. */
export async function* chunks(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

/** Reads a blob. */
export async function blobOf(store: StateStore, hash: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(store.getBlob(hash)))
}

/** The keys of the documents under a prefix, as they come. */
export async function keysOf(store: StateStore, prefix: string): Promise<readonly string[]> {
  return (await Array.fromAsync(store.list(prefix))).map((document) => document.key)
}
