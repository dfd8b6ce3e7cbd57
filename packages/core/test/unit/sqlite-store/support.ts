import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import type { StateStore, Stored } from '../../../src/ports/index.ts'
import { openSqliteStore, type SqliteStoreOptions } from '../../../src/sqlite-store/index.ts'
import { LEASE_COLUMNS, type LeaseRow, leaseChecksum } from '../../../src/sqlite-store/lease-row.ts'
import { openRawDatabase } from '../../support/raw-database.ts'

/** A path for a store in a directory that is removed after the test. */
export function storePath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vmunit-sqlite-store-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'vmunit.db')
}

/** Opens a store that is closed after the test. */
export function open(path: string = storePath(), options: SqliteStoreOptions = {}): StateStore {
  const store = openSqliteStore(path, options)
  onTestFinished(async () => await store.close())
  return store
}

export async function get(store: StateStore, key: string): Promise<Stored | undefined> {
  return (await store.get([key]))[0]
}

/** Changes one bit in the only place of the file where the text stands. */
export function damage(path: string, text: string): void {
  const bytes = readFileSync(path)
  const at = bytes.indexOf(text)
  if (at < 0 || bytes.indexOf(text, at + 1) >= 0) throw new Error(`${text} does not stand exactly once in the file`)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

/** Changes the row of the only lease, with its checksum: as the process that holds it does. */
export function changeLease(path: string, change: Partial<LeaseRow>): void {
  using database = openRawDatabase(path)
  const row = database.prepare(`SELECT ${LEASE_COLUMNS} FROM lease`).get() as unknown as LeaseRow
  const next = { ...row, ...change }
  const columns = Object.keys(change) as (keyof LeaseRow)[]
  database
    .prepare(`UPDATE lease SET ${columns.map((column) => `${column} = ?`).join()}, checksum = ?`)
    .run(...columns.map((column) => next[column]), leaseChecksum(next))
}

export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** The next line that it prints. */
  line(): Promise<string>
  /** All lines until its end. */
  rest(): Promise<readonly string[]>
  say(line: string): void
  signal(name: NodeJS.Signals): void
  ended(): Promise<void>
}

/** Starts a program of `children/` in a process of its own, killed after the test at the latest. */
export function startChild(name: string, ...args: readonly string[]): Child {
  const file = new URL(`./children/${name}.ts`, import.meta.url).pathname
  const options = ['--conditions=@vmunit/source', '--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...options, file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const end = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await end
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    pid: child.pid ?? 0,
    line: async () => {
      const next = await lines.next()
      if (next.done) throw new Error(`${name} ended without a further line`)
      return next.value
    },
    rest: async () => {
      const all: string[] = []
      for (let next = await lines.next(); !next.done; next = await lines.next()) all.push(next.value)
      return all
    },
    say: (line) => {
      child.stdin.write(`${line}\n`)
    },
    signal: (signal) => {
      child.kill(signal)
    },
    ended: async () => {
      await end
    },
  }
}
