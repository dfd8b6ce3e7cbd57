import type { DatabaseSync } from 'node:sqlite'
import { VmunitError } from '../errors/index.ts'
import { blobHashes, journalTails } from './contents.ts'
import { type LeaseRow, leaseChecksum } from './lease-row.ts'
import { rollBack } from './roll-back.ts'
import { combine, EMPTY_SEAL, insertSeal } from './seal.ts'

/** `vmun`: stands in the header of every file of ours, and tells it from those of other applications. */
export const APPLICATION_ID = 0x766d756e

interface Migration {
  readonly sql: string
  /** Fills what the statements made, in the same transaction. */
  readonly fill?: (database: DatabaseSync) => void
}

/** Version n of the schema is what the first n entries make. Entries are only ever added at the end. */
const MIGRATIONS: readonly Migration[] = [
  {
    sql: `CREATE TABLE document (
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
  },
  {
    sql: `CREATE TABLE seal (
     id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL, journal TEXT NOT NULL, blob TEXT NOT NULL,
     token INTEGER NOT NULL, restored_at INTEGER, checksum TEXT NOT NULL
   ) STRICT;
   ALTER TABLE lease ADD COLUMN checksum TEXT NOT NULL DEFAULT '';`,
    fill: sealEverything,
  },
]

function sealEverything(database: DatabaseSync): void {
  let { document, journal, blob } = EMPTY_SEAL
  for (const row of database.prepare('SELECT checksum FROM document').iterate()) {
    document = combine(document, String(row['checksum']))
  }
  for (const { checksum } of journalTails(database)) journal = combine(journal, checksum)
  for (const hash of blobHashes(database)) blob = combine(blob, hash)
  const token = Number(database.prepare('SELECT max(token) AS token FROM lease').get()?.['token'] ?? 0)
  insertSeal(database, { document, journal, blob, token, restored_at: null })
  const update = database.prepare('UPDATE lease SET checksum = ? WHERE key = ?')
  const leases = database.prepare('SELECT * FROM lease').all() as unknown as readonly LeaseRow[]
  for (const row of leases) update.run(leaseChecksum(row), row.key)
}

/** The schema version that this code reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length

/** The version of a database that is known to be ours; 0 for one that was never filled. */
export function schemaVersion(database: DatabaseSync): number {
  if (database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined) return 0
  const row = database.prepare("SELECT value FROM meta WHERE name = 'schema'").get()
  const version = Number(row?.['value'])
  // It stands in the header too, from its second version on: one of the two alone is no version but damage.
  const header = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  const agrees = header === version || (header === 0 && version === 1)
  if (!Number.isSafeInteger(version) || version < 1 || !agrees) {
    throw new VmunitError('ERR_STORE_DAMAGED', 'The store does not say which schema it has: restore a backup.', {
      details: { record: 'meta schema' },
    })
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

/** Brings a database to the present schema, or to an older one: each version in one transaction with its number. */
export function migrate(database: DatabaseSync, to: number = SCHEMA_VERSION): void {
  while (schemaVersion(database) < to) migrateOnce(database)
}

function migrateOnce(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have been faster: only inside the transaction is the version certain.
    const version = schemaVersion(database)
    const migration = MIGRATIONS[version]
    if (version === 0) database.exec(`PRAGMA application_id = ${APPLICATION_ID}; ${CREATE_META}`)
    if (migration !== undefined) {
      database.exec(migration.sql)
      migration.fill?.(database)
      database.prepare("UPDATE meta SET value = ? WHERE name = 'schema'").run(String(version + 1))
      if (version > 0) database.exec(`PRAGMA user_version = ${version + 1}`)
    }
    database.exec('COMMIT')
  } catch (error) {
    rollBack(database)
    throw error
  }
}

const CREATE_META = `CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('product', 'vmunit'), ('schema', '0');`

/** The statements that a database was made by, as SQLite keeps them. */
export function schemaText(database: DatabaseSync): string {
  return JSON.stringify(database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all())
}
