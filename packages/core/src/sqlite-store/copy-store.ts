import { createHash, type Hash, randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { VmunitError } from '../errors/index.ts'
import type { Call } from '../ports/index.ts'
import { damagedBlob, pieceOf } from './blobs.ts'
import { firstPredecessor, recordChecksum } from './checksum.ts'
import { type DocumentRow, verifiedDocument } from './document-row.ts'
import { assertNotEmpty, assertOurs, problemsOf } from './inspect-database.ts'
import { damagedRecord, type RecordRow } from './journal.ts'
import { fill, refuseOrphanedLog } from './open-database.ts'
import { assertReadable, schemaVersion } from './schema.ts'
import { combine, EMPTY_SEAL, readSeal, replaceSeal, SEALED_KINDS, type Seal } from './seal.ts'
import { mapSqliteError } from './sqlite-errors.ts'

/** What a copy holds. */
export interface CopiedStore {
  readonly path: string
  readonly documents: number
  /** Journal records. */
  readonly records: number
  readonly blobs: number
}

export interface CopyOptions extends Call {
  /** Set when the copy takes the place of the store, so that its users know what they work with. */
  readonly restoredAt?: number | undefined
}

const ROWS_A_TURN = 200
const BUSY_MS = 5000

/**
 * Copies a store record by record, in one snapshot of it, while others write to it. Every record is verified on its
 * way, and in the end the seal says that none is missing: either the copy is proved to be complete or there is none.
 *
 * Leases are left out. They belong to processes that know nothing of the copy.
 */
export async function copyStore(from: string, to: string, { signal, restoredAt }: CopyOptions): Promise<CopiedStore> {
  const [source, target] = [resolve(from), resolve(to)]
  if (existsSync(target)) throw alreadyExists(target)
  refuseOrphanedLog(target)
  const draft = `${target}.${randomUUID()}.new`
  try {
    const copied = await copyInto(draft, source, { signal, restoredAt })
    for (const problem of problemsOf(draft)) throw problem
    publish(draft, target)
    return { path: target, ...copied }
  } catch (error) {
    throw signal?.aborted === true && error === signal.reason ? error : mapSqliteError(error, source)
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${draft}${suffix}`, { force: true })
  }
}

type Counts = Omit<CopiedStore, 'path'>

async function copyInto(draft: string, path: string, { signal, restoredAt }: CopyOptions): Promise<Counts> {
  assertNotEmpty(path)
  using source = new DatabaseSync(path, { readOnly: true })
  source.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA cell_size_check = ON`)
  assertOurs(source, path)
  const version = schemaVersion(source)
  assertReadable(version)
  using target = fill(draft)
  // One snapshot of the source, one transaction of the copy.
  source.exec('BEGIN')
  target.exec('BEGIN')
  const parts = [
    { rows: copyDocuments({ source, target, path }), kind: 'document' },
    { rows: copyJournals({ source, target, path }), kind: 'journal' },
    { rows: copyBlobs({ source, target, path }), kind: 'blob' },
  ] as const
  let seal = { ...EMPTY_SEAL }
  const counts = { document: 0, journal: 0, blob: 0 }
  for (const { rows, kind } of parts) {
    for (const checksums of rows) {
      counts[kind] += 1
      for (const checksum of checksums) seal = { ...seal, [kind]: combine(seal[kind], checksum) }
      if (counts[kind] % ROWS_A_TURN === 0) await nextTurn()
      signal?.throwIfAborted()
    }
  }
  const wanted = version > 1 ? readSeal(source) : { ...seal, token: highestToken(source) }
  assertComplete(seal, wanted, path)
  replaceSeal(target, { ...wanted, restored_at: restoredAt ?? wanted.restored_at })
  target.exec('COMMIT')
  return { documents: counts.document, records: counts.journal, blobs: counts.blob }
}

interface Copying {
  readonly source: DatabaseSync
  readonly target: DatabaseSync
  readonly path: string
}

/** Each copies one row a step, and yields what it toggles in the seal. */
type Copied = Generator<readonly string[], void, undefined>

function* copyDocuments({ source, target, path }: Copying): Copied {
  const insert = target.prepare('INSERT INTO document VALUES (?, ?, ?, ?)')
  for (const row of source.prepare('SELECT key, revision, value, checksum FROM document').iterate()) {
    const document = row as unknown as DocumentRow
    verifiedDocument(document, path)
    insert.run(document.key, document.revision, document.value, document.checksum)
    yield [document.checksum]
  }
}

function* copyJournals({ source, target, path }: Copying): Copied {
  const insert = target.prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)')
  let last = { run: '', seq: 0, checksum: '' }
  const rows = source.prepare('SELECT run, seq, time, type, data, checksum FROM journal ORDER BY run, seq').iterate()
  for (const found of rows) {
    const { time, type, data, ...row } = found as unknown as RecordRow
    const run = String(found['run'])
    const before = run === last.run ? last : { run, seq: 0, checksum: firstPredecessor(run) }
    const seq = before.seq + 1
    const checksum = recordChecksum(before.checksum, { run, seq, time, type, data })
    if (row.seq !== seq || row.checksum !== checksum) throw damagedRecord(run, seq, path)
    insert.run(run, seq, time, type, data, checksum)
    yield seq > 1 ? [before.checksum, checksum] : [checksum]
    last = { run, seq, checksum }
  }
}

/** In the order of the table and not of its index, which may be what is damaged; a blob's pieces were written together. */
function* copyBlobs({ source, target, path }: Copying): Copied {
  const insert = target.prepare('INSERT INTO blob VALUES (?, ?, ?)')
  let open: { readonly hash: string; readonly digest: Hash } | undefined
  const rows = source.prepare('SELECT hash, number, content FROM blob NOT INDEXED ORDER BY rowid').iterate()
  for (const found of rows) {
    const hash = String(found['hash'])
    const content = pieceOf(found['content'], hash, path)
    if (open !== undefined && open.hash !== hash) {
      assertWhole(open, path)
      open = undefined
    }
    const isNew = open === undefined
    open ??= { hash, digest: createHash('sha256') }
    open.digest.update(content)
    insert.run(hash, Number(found['number']), content)
    if (isNew) yield [hash]
  }
  if (open !== undefined) assertWhole(open, path)
}

function assertWhole({ hash, digest }: { readonly hash: string; readonly digest: Hash }, path: string): void {
  if (digest.digest('hex') !== hash) throw damagedBlob(hash, path)
}

function highestToken(source: DatabaseSync): number {
  return Number(source.prepare('SELECT max(token) AS token FROM lease').get()?.['token'] ?? 0)
}

function assertComplete(found: Seal, wanted: Seal, path: string): void {
  const table = SEALED_KINDS.find((kind) => found[kind] !== wanted[kind])
  if (table === undefined) return
  throw new VmunitError(
    'ERR_STORE_DAMAGED',
    `Records of table ${table} of the store ${path} are missing, so it is not copied: restore a backup.`,
    { details: { path, table } },
  )
}

/** The copy appears complete or not at all, and is there after a power failure too. */
function publish(draft: string, target: string): void {
  try {
    linkSync(draft, target)
  } catch (error) {
    throw existsSync(target) ? alreadyExists(target) : error
  }
  const directory = openSync(dirname(target), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function alreadyExists(path: string): VmunitError {
  return new VmunitError(
    'ERR_ALREADY_EXISTS',
    `${path} exists and is not overwritten: choose another path, or move it out of the way.`,
    { details: { path } },
  )
}
