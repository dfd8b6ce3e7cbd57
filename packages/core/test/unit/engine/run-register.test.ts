import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commitUpdates } from '../../../src/engine/commit-updates.ts'
import { keys } from '../../../src/engine/documents.ts'
import { openRuns, registerRun, startedFrom } from '../../../src/engine/run-register.ts'
import { VmunitError } from '../../../src/errors/index.ts'
import type { StateStore } from '../../../src/ports/index.ts'
import { openSqliteStore } from '../../../src/sqlite-store/index.ts'
import { refusal } from '../../support/refusal.ts'

let directory: string
let stores: readonly [StateStore, StateStore]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vmunit-register-'))
  const path = join(directory, 'store.db')
  stores = [openSqliteStore(path), openSqliteStore(path)]
})

afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()))
  await rm(directory, { recursive: true })
})

async function register(store: StateStore, runId: string): Promise<void> {
  const head = { key: keys.run(runId), update: () => runId }
  await registerRun(store, { runId, commit: (updates) => commitUpdates(store, { updates: [head, ...updates] }) })
}

describe('the register of runs', () => {
  it('gives each run one place, without a gap, whichever processes start them at the same moment', async () => {
    const ids = Array.from({ length: 24 }, (_, index) => `run-${index}`)
    await Promise.all(ids.map((id, index) => register(stores[index % 2 === 0 ? 0 : 1], id)))
    const started = await startedFrom(stores[0], { from: 0, limit: 100 })
    expect(started.toSorted()).toEqual(ids.toSorted())
    expect(await startedFrom(stores[1], { from: 20, limit: 3 })).toEqual(started.slice(20, 23))
    expect(await startedFrom(stores[1], { from: 24, limit: 3 })).toEqual([])
  })

  it('has no place for a run that was not created', async () => {
    const store = stores[0]
    const refused = registerRun(store, {
      runId: 'run-1',
      async commit() {
        throw new VmunitError('ERR_CLAIMED', 'Another run has a claim on it.')
      },
    })
    expect((await refusal(refused)).code).toBe('ERR_CLAIMED')
    expect(await startedFrom(store, { from: 0, limit: 9 })).toEqual([])
    expect(await openRuns(store)).toEqual([])
  })

  it('knows which have not ended, by their ids', async () => {
    const store = stores[0]
    for (const id of ['run-3', 'run-1', 'run-2']) await register(store, id)
    await commitUpdates(store, { updates: [{ key: keys.openRun('run-1'), update: () => undefined }] })
    expect((await openRuns(stores[1])).map(({ key, value }) => [key, value])).toEqual([
      ['run/run-2', 'run-2'],
      ['run/run-3', 'run-3'],
    ])
    expect(await startedFrom(store, { from: 0, limit: 9 })).toEqual(['run-3', 'run-1', 'run-2'])
  })
})
