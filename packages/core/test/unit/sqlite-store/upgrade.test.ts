import { copyFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/internal/sha256.ts'
import { documentChecksum, firstPredecessor, recordChecksum } from '../../../src/sqlite-store/checksum.ts'
import { connect } from '../../../src/sqlite-store/connect.ts'
import { checkSqliteStore, restoreSqliteStore } from '../../../src/sqlite-store/index.ts'
import { migrate, SCHEMA_VERSION, schemaVersion } from '../../../src/sqlite-store/schema.ts'
import { openRawDatabase } from '../../support/raw-database.ts'
import { open, startChild, storePath } from './support.ts'

const CONTENT = Buffer.from('some content')

/** A store as the first version left it, with something in each of its tables. */
function oldStore(): string {
  const path = storePath()
  using database = connect(path)
  database.exec('PRAGMA journal_mode = WAL')
  migrate(database, 1)
  const put = database.prepare('INSERT INTO document VALUES (?, ?, ?, ?)')
  for (const key of ['a', 'b']) put.run(key, 3, '"kept"', documentChecksum(key, 3, '"kept"'))
  const append = database.prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)')
  for (const run of ['r', 's']) {
    let checksum = firstPredecessor(run)
    for (let seq = 1; seq <= 3; seq += 1) {
      checksum = recordChecksum(checksum, { run, seq, time: 7, type: 'noted', data: null })
      append.run(run, seq, 7, 'noted', null, checksum)
    }
  }
  const lease = database.prepare('INSERT INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  lease.run('run/r', 4, 'test', 1, null, 1, 1, 2, 1)
  lease.run('run/s', 9, 'test', 1, null, 1, 1, 2, 1)
  database.prepare('INSERT INTO blob VALUES (?, 0, ?)').run(sha256(CONTENT), CONTENT)
  return path
}

async function expectKept(path: string): Promise<void> {
  const store = open(path)
  const documents = await Array.fromAsync(store.list(''))
  expect(documents).toEqual(['a', 'b'].map((key) => ({ key, revision: 3, value: 'kept' })))
  for (const run of ['r', 's']) expect(await Array.fromAsync(store.journal(run, 1))).toHaveLength(3)
  expect(Buffer.concat(await Array.fromAsync(store.getBlob(sha256(CONTENT))))).toEqual(CONTENT)
  const lease = await store.acquire('run/r', { owner: 'test', ttlMs: 30_000 })
  expect(lease.token).toBeGreaterThan(4)
  await store.commit({ lease, append: [{ run: 'r', seq: 4, type: 'noted', data: null }] })
  await store.close()
  expect(checkSqliteStore(path)).toEqual([])
}

function versionOf(path: string): number {
  using database = openRawDatabase(path)
  return schemaVersion(database)
}

describe('A store of an older version', () => {
  it('is upgraded when it is opened, and keeps everything', async () => {
    const path = oldStore()
    expect(checkSqliteStore(path)).toEqual([])
    expect(versionOf(path)).toBe(1)
    await expectKept(path)
    expect(versionOf(path)).toBe(SCHEMA_VERSION)
  })

  it('is upgraded whole or not at all, whichever statement its process is killed at', async () => {
    const old = oldStore()
    let kills = 0
    for (let number = 1; ; number += 1) {
      const path = storePath()
      copyFileSync(old, path)
      const child = startChild('upgrade-and-die', path, String(number))
      const said = await child.rest()
      await child.ended()
      if (said[0] === 'done') break
      kills += 1
      expect(child.process.signalCode).toBe('SIGKILL')
      expect(versionOf(path)).toBe(1)
      await expectKept(path)
    }
    // BEGIN, the statements of the version, the seal, each lease, the two numbers, COMMIT.
    expect(kills).toBeGreaterThanOrEqual(9)
  }, 60_000)

  it('is restored from a backup of that time', async () => {
    const backup = oldStore()
    const to = storePath()
    await restoreSqliteStore(backup, to)
    expect(versionOf(backup)).toBe(1)
    await expectKept(to)
  })

  it('is refused, and not upgraded, when it is damaged', async () => {
    const path = oldStore()
    using database = openRawDatabase(path)
    database.exec("UPDATE document SET value = '\"lost\"' WHERE key = 'b'")
    database.close()
    expect(() => open(path)).toThrow(expect.objectContaining({ code: 'ERR_STORE_DAMAGED' }))
    expect(versionOf(path)).toBe(1)
  })

  it('makes a process that still has it open with the code of before stop writing', async () => {
    const path = storePath()
    const store = open(path)
    await store.commit({ put: [{ key: 'a', revision: 0, value: 1 }] })
    using database = openRawDatabase(path)
    database.exec("UPDATE meta SET value = '3' WHERE name = 'schema'; PRAGMA user_version = 3")
    await expect(store.commit({ put: [{ key: 'a', revision: 1, value: 2 }] })).rejects.toMatchObject({
      code: 'ERR_STORE_TOO_NEW',
    })
    expect((await store.get(['a']))[0]?.value).toBe(1)
  })
})
