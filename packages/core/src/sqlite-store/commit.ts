import { VmunitError } from '../errors/index.ts'
import type { Call, Commit } from '../ports/index.ts'
import { documentChecksum, firstPredecessor, recordChecksum } from './checksum.ts'
import type { Connection } from './connection.ts'
import { type PreparedCommit, prepareCommit } from './prepare-commit.ts'
import type { Transaction } from './writer.ts'

/** Makes `commit` of the port. */
export function createCommit(connection: Connection): (batch: Commit, call?: Call) => Promise<void> {
  const { database } = connection
  const leaseOf = database.prepare('SELECT 1 FROM lease WHERE key = ? AND token = ? AND expires_at > ?')
  const revisionOf = database.prepare('SELECT revision, checksum FROM document WHERE key = ?')
  const tailOf = database.prepare('SELECT seq, checksum FROM journal WHERE run = ? ORDER BY seq DESC LIMIT 1')
  const putDocument = database.prepare('INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?)')
  const removeDocument = database.prepare('DELETE FROM document WHERE key = ?')
  const appendRecord = database.prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)')

  const removeJournal = database.prepare('DELETE FROM journal WHERE run = ?')

  function tail(run: string, { tails }: Transaction): { readonly seq: number; readonly checksum: string } {
    const known = tails.get(run)
    if (known !== undefined) return known
    const row = tailOf.get(run) as { seq: number; checksum: string } | undefined
    const found = row ?? { seq: 0, checksum: firstPredecessor(run) }
    tails.set(run, found)
    return found
  }

  function checkLease({ lease, append, forget }: PreparedCommit, { now }: Transaction): void {
    if (lease === undefined) {
      const orphan = append.find((record) => record.seq > 1)
      if (orphan !== undefined) throw leaseMissing(orphan.run, orphan.seq)
      if (forget[0] !== undefined) throw leaseMissing(forget[0], 0)
    } else if (leaseOf.get(lease.key, lease.token, now) === undefined) {
      throw leaseLost(lease.key, lease.token)
    }
  }

  function checkDocuments({ put }: PreparedCommit): void {
    const revisions = new Map<string, number>()
    for (const { key, revision, value } of put) {
      const found = revisions.get(key) ?? Number(revisionOf.get(key)?.['revision'] ?? 0)
      if (found !== revision) throw documentConflict(key, revision, found)
      revisions.set(key, value === null ? 0 : revision + 1)
    }
  }

  function checkRecords({ append }: PreparedCommit, transaction: Transaction): void {
    const next = new Map<string, number>()
    for (const { run, seq } of append) {
      const found = next.get(run) ?? tail(run, transaction).seq + 1
      if (found !== seq) throw recordConflict(run, seq, found)
      next.set(run, seq + 1)
    }
  }

  function apply({ put, append, forget }: PreparedCommit, transaction: Transaction): void {
    const { seal } = transaction
    for (const { key, revision, value } of put) {
      const old = revision === 0 ? undefined : revisionOf.get(key)
      if (old !== undefined) seal.toggle('document', String(old['checksum']))
      if (value === null) {
        removeDocument.run(key)
      } else {
        const checksum = documentChecksum(key, revision + 1, value)
        putDocument.run(key, revision + 1, value, checksum)
        seal.toggle('document', checksum)
      }
    }
    for (const run of forget) {
      const { seq, checksum } = tail(run, transaction)
      if (seq > 0) seal.toggle('journal', checksum)
      removeJournal.run(run)
      transaction.tails.delete(run)
    }
    const before = new Map(append.map(({ run }) => [run, tail(run, transaction)]))
    for (const { run, seq, type, data } of append) {
      const record = { run, seq, time: transaction.now, type, data }
      const checksum = recordChecksum(tail(run, transaction).checksum, record)
      appendRecord.run(run, seq, record.time, type, data, checksum)
      transaction.tails.set(run, { seq, checksum })
    }
    // A journal counts by its last record.
    for (const [run, { seq, checksum }] of before) {
      if (seq > 0) seal.toggle('journal', checksum)
      seal.toggle('journal', tail(run, transaction).checksum)
    }
  }

  return async (batch, call) => {
    const commit = prepareCommit(batch)
    await connection.write((transaction) => {
      checkLease(commit, transaction)
      checkDocuments(commit)
      checkRecords(commit, transaction)
      apply(commit, transaction)
    }, call?.signal)
  }
}

function leaseMissing(run: string, seq: number): VmunitError {
  return new VmunitError(
    'ERR_LEASE_LOST',
    `${seq === 0 ? 'The end of the journal' : `Record ${seq}`} of ${run} came without a lease: acquire one and pass it to commit. Nothing was written.`,
    { details: { run, seq } },
  )
}

function leaseLost(key: string, token: number): VmunitError {
  return new VmunitError(
    'ERR_LEASE_LOST',
    `Lease ${token} of ${key} has expired or was replaced: resume the run from any process. Nothing was written.`,
    { details: { key, token } },
  )
}

function documentConflict(key: string, expected: number, found: number): VmunitError {
  return new VmunitError(
    'ERR_CONFLICT',
    `Document ${key} is at revision ${found}, not ${expected}: read it again and repeat. Nothing was written.`,
    { details: { key, expected, found } },
  )
}

function recordConflict(run: string, expected: number, found: number): VmunitError {
  return new VmunitError(
    'ERR_CONFLICT',
    `The next record of ${run} is ${found}, not ${expected}: read its journal again and repeat. Nothing was written.`,
    { details: { run, expected, found } },
  )
}
