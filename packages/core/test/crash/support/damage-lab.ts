import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isVmunitError, type StateStore } from '@vmunit/core'
import {
  backupSqliteStore,
  checkSqliteStore,
  openSqliteStore,
  repairSqliteStore,
  restoreSqliteStore,
} from '@vmunit/core/sqlite-store'
import type { Random } from '@vmunit/testbed/seeded-random'
import { openRawDatabase } from '../../support/raw-database.ts'

/** A store as two files, and everything that it held at any time. */
export interface DamageLab {
  readonly database: Buffer
  readonly log: Buffer
  /** Puts these bytes in the place of the files, and says how that ends. */
  tryWith(database: Buffer, log: Buffer | undefined): Promise<Ending>
  close(): Promise<void>
}

/** `before`: one of the states that the store had. */
export type Ending = { readonly type: 'before'; readonly commits: number } | { readonly type: 'damaged' }

const RUNS = ['run-a', 'run-b', 'run-c']
const CLOCK = { now: (): number => Date.UTC(2026, 0, 1) }

/** Where the log stands: behind a file that holds the first half, or on its way into it when the power failed. */
export type LogState = 'begun' | 'half moved' | 'empty'

/** Fills a store commit by commit, and keeps its files and each of its states. */
export async function openDamageLab(logState: LogState, random: Random): Promise<DamageLab> {
  const directory = mkdtempSync(join(tmpdir(), 'vmunit-damage-'))
  const path = join(directory, 'store.db')
  const states: string[] = []
  const hashes: string[] = []
  const note = async (store: StateStore): Promise<void> => void states.push(await contentsOf(store, hashes))

  const first = openSqliteStore(path, { clock: CLOCK })
  await note(first)
  await fill(first, { from: 0, hashes, note })
  await first.close()
  const second = openSqliteStore(path, { clock: CLOCK })
  await second.acquire('run/held', { owner: 'holder', ttlMs: 60_000_000 })
  await note(second)
  if (logState !== 'empty') await fill(second, { from: 1, hashes, note })
  const backup = join(directory, 'backup.db')
  await backupSqliteStore(path, backup)
  const [before, log] = [readFileSync(path), readFileSync(`${path}-wal`)]
  moveLog(path)
  const after = readFileSync(path)
  const images = {
    empty: [after, Buffer.alloc(0)],
    begun: [before, log],
    'half moved': [mixed(before, after, random), log],
  } as const
  const [database, logBytes] = images[logState]
  const atBackup = states.at(-1)
  let number = 0
  return {
    database,
    log: logBytes,
    async close() {
      await second.close()
      rmSync(directory, { recursive: true, force: true })
    },
    async tryWith(bytes, logOfTry) {
      number += 1
      const file = join(directory, `try-${number}.db`)
      const files = [file, `${file}-wal`]
      writeFileSync(file, bytes)
      if (logOfTry !== undefined) writeFileSync(`${file}-wal`, logOfTry)
      const untouched = files.map(contentOf)
      try {
        const ending = await readAll(file, { states, hashes })
        if (ending.type === 'damaged') {
          // Whatever was found while reading or opening: nothing was changed, and there is a way on.
          if (ending.at === 'open') assertSame(untouched, files.map(contentOf))
          if (checkSqliteStore(file).length === 0)
            throw new Error('The check finds nothing wrong with what cannot be read')
          await assertRestored(join(directory, `restored-${number}.db`), backup, { atBackup, hashes })
          await assertRepairIsHonest(file, join(directory, `repaired-${number}.db`), { states, hashes })
        }
        return ending
      } finally {
        for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
      }
    },
  }
}

function moveLog(path: string): void {
  using mover = openRawDatabase(path)
  mover.exec('PRAGMA wal_checkpoint(TRUNCATE)')
}

const PAGE = 4096

/** Some pages as they were before the log was moved into the file, the others as they are after it. */
function mixed(before: Buffer, after: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(after)
  for (let at = 0; at < before.length; at += PAGE) {
    if (random.chance(0.5)) before.copy(bytes, at, at, at + PAGE)
  }
  return bytes
}

interface Filling {
  readonly from: number
  readonly hashes: string[]
  readonly note: (store: StateStore) => Promise<void>
}

const COMMITS = 24

async function fill(store: StateStore, { from, hashes, note }: Filling): Promise<void> {
  const lease = await store.acquire(`run/filling-${from}`, { owner: 'filling', ttlMs: 60_000_000 })
  await note(store)
  for (let number = 0; number < COMMITS; number += 1) {
    const key = `group/unit/${(number * 7) % 11}`
    const [found] = await store.get([key])
    const run = RUNS[number % RUNS.length] ?? ''
    const seq = (await Array.fromAsync(store.journal(run, 1))).length + 1
    const data = { text: `${from} ${number} `.repeat(100) }
    const isRemoved = found !== undefined && number % 9 === 8
    await store.commit({
      lease,
      put: [{ key, revision: found?.revision ?? 0, value: isRemoved ? undefined : data }],
      append: [{ run, seq, type: 'noted', data }],
    })
    await note(store)
    if (number % 8 === 3) {
      const bytes = Buffer.alloc(9_000 + number, `${from}.${number}`)
      hashes.push(
        await store.putBlob(
          (async function* () {
            yield bytes
          })(),
        ),
      )
      await note(store)
    }
  }
  await lease[Symbol.asyncDispose]()
  await note(store)
}

/** Everything that anybody can ask a store for. */
async function contentsOf(store: StateStore, hashes: readonly string[]): Promise<string> {
  const documents = await Array.fromAsync(store.list(''))
  const journals: unknown[] = []
  for (const run of RUNS) journals.push(await Array.fromAsync(store.journal(run, 1)))
  const blobs: string[] = []
  for (const hash of hashes) {
    try {
      blobs.push(`${hash} ${Buffer.concat(await Array.fromAsync(store.getBlob(hash))).length}`)
    } catch (error) {
      if (!isVmunitError(error, 'ERR_NOT_FOUND')) throw error
    }
  }
  const held = (await store.holder('run/held')) !== undefined
  return JSON.stringify({ documents, journals, blobs, held })
}

interface Known {
  readonly states: readonly string[]
  readonly hashes: readonly string[]
}

type Found =
  | { readonly type: 'before'; readonly commits: number }
  | { readonly type: 'damaged'; readonly at: 'open' | 'read' }

async function readAll(file: string, { states, hashes }: Known): Promise<Found> {
  let at: 'open' | 'read' = 'open'
  try {
    await using store = openSqliteStore(file, { clock: CLOCK })
    at = 'read'
    const contents = await contentsOf(store, hashes)
    const commits = states.indexOf(contents)
    if (commits < 0) throw new Error(`The store gives what it never held: ${contents.slice(0, 500)}`)
    return { type: 'before', commits }
  } catch (error) {
    if (!isVmunitError(error, 'ERR_STORE_DAMAGED')) throw error
    const named = Object.keys(error.details).filter((name) => name !== 'path')
    if (named.length === 0) throw new Error(`No record is named: ${error.message}`, { cause: error })
    return { type: 'damaged', at }
  }
}

async function assertRestored(
  to: string,
  backup: string,
  { atBackup, hashes }: { readonly atBackup: string | undefined; readonly hashes: readonly string[] },
): Promise<void> {
  await restoreSqliteStore(backup, to)
  const store = openSqliteStore(to, { clock: CLOCK })
  const contents = await contentsOf(store, hashes)
  await store.close()
  rmSync(to)
  // Leases are not restored.
  if (contents !== atBackup?.replace('"held":true', '"held":false'))
    throw new Error('The restored store is another one')
}

/** A repair gives a state that the store had, or nothing. */
async function assertRepairIsHonest(file: string, to: string, { states, hashes }: Known): Promise<void> {
  try {
    await repairSqliteStore(file, to)
  } catch (error) {
    if (!isVmunitError(error, 'ERR_STORE_DAMAGED')) throw error
    if (existsSync(to)) throw new Error('A repair that failed left a file', { cause: error })
    return
  }
  const store = openSqliteStore(to, { clock: CLOCK })
  const contents = await contentsOf(store, hashes)
  await store.close()
  rmSync(to)
  const held = contents.replace('"held":false', '"held":true')
  if (!states.includes(contents) && !states.includes(held)) throw new Error('The repaired store holds what never was')
}

function contentOf(file: string): Buffer | undefined {
  return existsSync(file) ? readFileSync(file) : undefined
}

function assertSame(before: readonly (Buffer | undefined)[], after: readonly (Buffer | undefined)[]): void {
  for (const [index, bytes] of before.entries()) {
    const now = after[index]
    if (bytes === undefined ? now !== undefined && now.length > 0 : now?.equals(bytes) !== true) {
      throw new Error('A file was changed although it was refused')
    }
  }
}
