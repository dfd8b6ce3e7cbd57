import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { isVmunitError, VmunitError } from '../errors/index.ts'
import { damagedBlob, pieceOf } from './blobs.ts'
import { firstPredecessor, recordChecksum } from './checksum.ts'
import { blobHashes, journalTails } from './contents.ts'
import { assertAscending, type DocumentRow, verifiedDocument } from './document-row.ts'
import { damagedRecord, type RecordRow } from './journal.ts'
import { LEASE_COLUMNS, type LeaseRow, verifiedLease } from './lease-row.ts'
import { migrate, schemaText, schemaVersion } from './schema.ts'
import { combine, EMPTY_SEAL, readSeal, type SealedKind } from './seal.ts'
import { isBusy, mapSqliteError } from './sqlite-errors.ts'

/** What is wrong with a store. Its details name the record. */
export type Problem = VmunitError<'ERR_STORE_DAMAGED'>

export interface SurveyOptions {
  readonly path: string
  /** `open`: what nobody would notice later. `all`: also what every reader verifies, as journals and blobs. */
  readonly depth: 'open' | 'all'
}

/** A part of the survey: throws the first problem that it cannot go on after, yields the others. */
type Part = (database: DatabaseSync, options: SurveyOptions) => Generator<Problem, void, undefined>

/**
 * Looks for damage in a database of ours, in one snapshot, and names the records. Changes nothing.
 *
 * Between what SQLite notices (broken pages) and what the records say of themselves (their checksums), the seal tells
 * whether some are missing.
 */
export function* surveyStore(database: DatabaseSync, options: SurveyOptions): Generator<Problem, void, undefined> {
  const parts: readonly Part[] = [
    schema,
    seal,
    documents,
    journals,
    blobs,
    ...(options.depth === 'all' ? [leases] : []),
    pages,
  ]
  database.exec('BEGIN')
  try {
    for (const part of parts) {
      try {
        yield* part(database, options)
      } catch (error) {
        yield asProblem(error, options.path, part.name)
      }
    }
  } finally {
    database.exec('ROLLBACK')
  }
}

function asProblem(error: unknown, path: string, part: string): Problem {
  if (isBusy(error)) throw error
  const mapped = mapSqliteError(error, path, { table: part })
  if (isVmunitError(mapped, 'ERR_STORE_DAMAGED')) return mapped
  throw mapped
}

/** What is not found by name would pass for something that does not exist. */
function* schema(database: DatabaseSync, { path }: SurveyOptions): Generator<Problem, void, undefined> {
  const version = schemaVersion(database)
  using expected = new DatabaseSync(':memory:')
  migrate(expected, version)
  if (schemaText(database) !== schemaText(expected))
    yield damaged(path, 'Its tables are not those of its version', { schema: version })
  const settings = { encoding: 'UTF-8', journal_mode: 'wal' }
  for (const [name, wanted] of Object.entries(settings)) {
    const found = database.prepare(`PRAGMA ${name}`).get()?.[name]
    if (found !== wanted) yield damaged(path, `Its header says ${name} ${String(found)}`, { header: name, found })
  }
}

function* seal(database: DatabaseSync): Generator<Problem, void, undefined> {
  if (isSealed(database)) yield* problemOf(() => readSeal(database))
}

function* documents(database: DatabaseSync, options: SurveyOptions): Generator<Problem, void, undefined> {
  const { path } = options
  let sum = EMPTY_SEAL.document
  let previous: string | undefined
  try {
    const rows = database.prepare('SELECT key, revision, value, checksum FROM document ORDER BY key').iterate()
    for (const row of rows as unknown as Iterable<DocumentRow>) {
      const key = String(row.key)
      assertAscending(previous, key, path)
      previous = key
      sum = combine(sum, String(row.checksum))
      yield* problemOf(() => verifiedDocument(row, path))
    }
  } catch (error) {
    throw mapSqliteError(error, path, { document: `after ${previous ?? 'the first'}` })
  }
  yield* compareWithSeal(database, { kind: 'document', sum, path })
}

function* journals(database: DatabaseSync, options: SurveyOptions): Generator<Problem, void, undefined> {
  const { path, depth } = options
  let sum = EMPTY_SEAL.journal
  let previous: string | undefined
  const runs: string[] = []
  try {
    for (const { run, checksum } of journalTails(database)) {
      previous = run
      runs.push(run)
      sum = combine(sum, checksum)
    }
  } catch (error) {
    throw mapSqliteError(error, path, { run: `after ${previous ?? 'the first'}` })
  }
  const isWhole = isAsSealed(database, 'journal', sum)
  let found = 0
  if (depth === 'all' || !isWhole) {
    for (const run of runs) {
      for (const problem of problemOf(() => verifyJournal(database, run, path))) {
        found += 1
        yield problem
      }
    }
  }
  if (!isWhole && found === 0) yield* compareWithSeal(database, { kind: 'journal', sum, path })
}

function verifyJournal(database: DatabaseSync, run: string, path: string): void {
  let seq = 0
  let checksum = firstPredecessor(run)
  try {
    const rows = database.prepare('SELECT seq, time, type, data, checksum FROM journal WHERE run = ? ORDER BY seq')
    for (const row of rows.iterate(run) as unknown as Iterable<RecordRow>) {
      seq += 1
      const { time, type, data } = row
      checksum = recordChecksum(checksum, { run, seq, time, type, data })
      if (row.seq !== seq || row.checksum !== checksum) throw damagedRecord(run, seq, path)
    }
  } catch (error) {
    throw mapSqliteError(error, path, { run, seq: seq + 1 })
  }
}

function* blobs(database: DatabaseSync, options: SurveyOptions): Generator<Problem, void, undefined> {
  const { path, depth } = options
  let sum = EMPTY_SEAL.blob
  let previous: string | undefined
  const hashes: string[] = []
  try {
    for (const hash of blobHashes(database)) {
      previous = hash
      sum = combine(sum, hash)
      if (depth === 'all') hashes.push(hash)
    }
  } catch (error) {
    throw mapSqliteError(error, path, { blob: `after ${previous ?? 'the first'}` })
  }
  for (const hash of hashes) yield* problemOf(() => verifyBlob(database, hash, path))
  yield* compareWithSeal(database, { kind: 'blob', sum, path })
}

function verifyBlob(database: DatabaseSync, hash: string, path: string): void {
  const digest = createHash('sha256')
  try {
    const rows = database.prepare('SELECT content FROM blob WHERE hash = ? ORDER BY number').iterate(hash)
    for (const row of rows) digest.update(pieceOf(row['content'], hash, path))
  } catch (error) {
    throw mapSqliteError(error, path, { hash })
  }
  if (digest.digest('hex') !== hash) throw damagedBlob(hash, path)
}

function* leases(database: DatabaseSync): Generator<Problem, void, undefined> {
  if (!isSealed(database)) return
  const rows = database.prepare(`SELECT ${LEASE_COLUMNS} FROM lease`).iterate()
  for (const row of rows as unknown as Iterable<LeaseRow & { readonly checksum: string }>) {
    yield* problemOf(() => verifiedLease(row))
  }
}

function* pages(database: DatabaseSync, { path }: SurveyOptions): Generator<Problem, void, undefined> {
  for (const row of database.prepare('PRAGMA quick_check').iterate()) {
    const found = row['quick_check']
    if (found !== 'ok') yield damaged(path, String(found), { page: found })
  }
}

function isSealed(database: DatabaseSync): boolean {
  return schemaVersion(database) > 1
}

interface Comparison {
  readonly kind: SealedKind
  readonly sum: string
  readonly path: string
}

function* compareWithSeal(
  database: DatabaseSync,
  { kind, sum, path }: Comparison,
): Generator<Problem, void, undefined> {
  if (isAsSealed(database, kind, sum)) return
  yield damaged(path, `Records of its table ${kind} are missing, or older than the others`, { table: kind })
}

/** A seal that cannot be read says nothing about the records; it is a problem of its own. */
function isAsSealed(database: DatabaseSync, kind: SealedKind, sum: string): boolean {
  if (!isSealed(database)) return true
  try {
    return readSeal(database)[kind] === sum
  } catch {
    return true
  }
}

function* problemOf(verify: () => unknown): Generator<Problem, void, undefined> {
  try {
    verify()
  } catch (error) {
    if (!isVmunitError(error, 'ERR_STORE_DAMAGED')) throw error
    yield error
  }
}

function damaged(path: string, what: string, details: Readonly<Record<string, unknown>>): Problem {
  return new VmunitError('ERR_STORE_DAMAGED', `The store ${path} is damaged. ${what}: restore a backup.`, {
    details: { path, ...details },
  })
}
