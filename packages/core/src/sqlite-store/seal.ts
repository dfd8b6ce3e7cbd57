import type { DatabaseSync } from 'node:sqlite'
import { VmunitError } from '../errors/index.ts'
import { sha256 } from '../internal/sha256.ts'

/** The kinds of records that the seal counts. */
export const SEALED_KINDS = ['document', 'journal', 'blob'] as const
export type SealedKind = (typeof SEALED_KINDS)[number]

/**
 * One row that says what a store holds, so that a record that is gone is noticed too: for each kind the checksums of
 * all its records, combined by exclusive or. A journal counts by its last record, whose checksum covers the others.
 */
export interface Seal extends Readonly<Record<SealedKind, string>> {
  /** The last token that a lease got: a key whose row was lost does not begin anew. */
  readonly token: number
  /** When the store was made from a backup, by the clock of the machine; null: never. */
  readonly restored_at: number | null
}

/** What one transaction changes of the seal. */
export interface SealChanges {
  /** Takes a record in, or out when it is in already; the argument is its checksum. */
  toggle(kind: SealedKind, checksum: string): void
  /** A token that no lease had before. */
  nextToken(): number
  /** Writes the seal if something changed; the last act of the transaction. */
  write(): void
}

const BYTES = 32
const NOTHING = '0'.repeat(2 * BYTES)

/** The seal of a store that holds nothing. */
export const EMPTY_SEAL: Seal = { document: NOTHING, journal: NOTHING, blob: NOTHING, token: 0, restored_at: null }

/** Combines two sums, or takes one record into a sum or out of it. */
export function combine(sum: string, checksum: string): string {
  const bytes = Buffer.from(sum, 'hex')
  const other = Buffer.from(checksum, 'hex')
  if (other.length !== BYTES) return sum
  for (let index = 0; index < BYTES; index += 1) bytes[index] = (bytes[index] ?? 0) ^ (other[index] ?? 0)
  return bytes.toString('hex')
}

/** Reads the seal. */
export function readSeal(database: DatabaseSync): Seal {
  return toSeal(database.prepare(SELECT).get())
}

/** Opens the seal for the transactions of one connection. */
export function createSeal(database: DatabaseSync): (schema: number) => SealChanges {
  const select = database.prepare(SELECT)
  const version = database.prepare("SELECT value FROM meta WHERE name = 'schema'")
  const update = database.prepare(
    'UPDATE seal SET document = ?, journal = ?, blob = ?, token = ?, restored_at = ?, checksum = ? WHERE id = 1',
  )

  return (schema) => {
    let seal: Seal | undefined
    const changes = new Map<SealedKind, string>()
    const found = (): Seal => {
      seal ??= toSeal(select.get())
      return seal
    }
    return {
      toggle: (kind, checksum) => void changes.set(kind, combine(changes.get(kind) ?? NOTHING, checksum)),
      nextToken: () => {
        seal = { ...found(), token: found().token + 1 }
        return seal.token
      },
      write: () => {
        if (seal === undefined && changes.size === 0) return
        if (Number(version.get()?.['value']) !== schema) throw upgraded()
        const old = found()
        const sum = (kind: SealedKind): string => combine(old[kind], changes.get(kind) ?? NOTHING)
        const next = { ...old, document: sum('document'), journal: sum('journal'), blob: sum('blob') }
        update.run(...valuesOf(next))
      },
    }
  }
}

/** Puts the seal of a store in place that has none yet. */
export function insertSeal(database: DatabaseSync, seal: Seal): void {
  database.prepare('INSERT INTO seal VALUES (1, ?, ?, ?, ?, ?, ?)').run(...valuesOf(seal))
}

const SELECT = 'SELECT document, journal, blob, token, restored_at, checksum FROM seal WHERE id = 1'

/** Puts another seal in the place of the one that is there. */
export function replaceSeal(database: DatabaseSync, seal: Seal): void {
  database.exec('DELETE FROM seal')
  insertSeal(database, seal)
}

type SealValues = [string, string, string, number, number | null, string]

function valuesOf(seal: Seal): SealValues {
  return [seal.document, seal.journal, seal.blob, seal.token, seal.restored_at, sealChecksum(seal)]
}

function sealChecksum({ document, journal, blob, token, restored_at: restoredAt }: Seal): string {
  return sha256(`seal ${document} ${journal} ${blob} ${token} ${restoredAt}`)
}

function toSeal(row: object | undefined): Seal {
  const found = row as (Seal & { readonly checksum: string }) | undefined
  if (found !== undefined && found.checksum === sealChecksum(found)) return found
  throw new VmunitError('ERR_STORE_DAMAGED', 'The seal of the store does not fit its checksum: restore a backup.', {
    details: { record: 'seal' },
  })
}

function upgraded(): VmunitError {
  return new VmunitError(
    'ERR_STORE_TOO_NEW',
    'Another process upgraded the store while this one had it open: use the newer version here too. Nothing was written.',
  )
}
