import type { DatabaseSync } from 'node:sqlite'
import { VmunitError } from '../errors/index.ts'
import { rollBack } from './roll-back.ts'

/** `vmun`: stands in the header of every file of ours, and tells it from those of other applications. */
export const APPLICATION_ID = 0x766d756e

/** Version n of the schema is what the first n entries make. Entries are only ever added at the end. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE document (
     key TEXT PRIMARY KEY, revision INTEGER NOT NULL, value TEXT NOT NULL, checksum TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE journal (
     run TEXT NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, type TEXT NOT NULL, data TEXT, checksum TEXT NOT NULL,
     PRIMARY KEY (run, seq)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE lease (
     key TEXT PRIMARY KEY, token INTEGER NOT NULL, owner TEXT NOT NULL, pid INTEGER NOT NULL, process_start TEXT,
     since INTEGER NOT NULL, renewed_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, released INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE blob (
     hash TEXT NOT NULL, number INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (hash, number)
   ) STRICT;`,
]

/** The schema version that this code reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length

/** The version of a database that is known to be ours; 0 for one that was never filled. */
export function schemaVersion(database: DatabaseSync): number {
  if (database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined) return 0
  const row = database.prepare("SELECT value FROM meta WHERE name = 'schema'").get()
  const version = Number(row?.['value'])
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new VmunitError('ERR_STORE_DAMAGED', 'The store does not say which schema it has: restore a backup.')
  }
  return version
}

/** Refuses a store of a later version of vmunit. */
export function assertReadable(found: number): void {
  if (found <= SCHEMA_VERSION) return
  throw new VmunitError(
    'ERR_STORE_TOO_NEW',
    `The store has schema ${found}, this version of vmunit knows up to ${SCHEMA_VERSION}: use the newer version. Nothing was changed.`,
    { details: { found, supported: SCHEMA_VERSION } },
  )
}

/** Brings a database to the present schema: each version in one transaction with its number. */
export function migrate(database: DatabaseSync): void {
  while (schemaVersion(database) < SCHEMA_VERSION) migrateOnce(database)
}

function migrateOnce(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have been faster: only inside the transaction is the version certain.
    const version = schemaVersion(database)
    const sql = MIGRATIONS[version]
    if (version === 0) database.exec(`PRAGMA application_id = ${APPLICATION_ID}; ${CREATE_META}`)
    if (sql !== undefined) {
      database.exec(sql)
      database.prepare("UPDATE meta SET value = ? WHERE name = 'schema'").run(String(version + 1))
    }
    database.exec('COMMIT')
  } catch (error) {
    rollBack(database)
    throw error
  }
}

const CREATE_META = `CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('product', 'vmunit'), ('schema', '0');`
