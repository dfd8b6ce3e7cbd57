import { type Manager, type Notice, type StateStore, start, stop } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { UNIT } from '../support/story.ts'

const ADMINISTRATOR = { name: 'admin', role: 'administrator' } as const

/** A store that counts the documents that are read from it. */
function counted(store: StateStore): { readonly store: StateStore; readonly take: () => number } {
  let reads = 0
  return {
    take() {
      const taken = reads
      reads = 0
      return taken
    },
    store: {
      ...store,
      async get(keys, call) {
        reads += keys.length
        return await store.get(keys, call)
      },
      async *list(prefix, call) {
        for await (const document of store.list(prefix, call)) {
          reads += 1
          yield document
        }
      },
    },
  }
}

/** What is asked again and again while a fleet is run, and what it reads from the store when nothing is new. */
async function costs(manager: Manager, take: () => number): Promise<Readonly<Record<string, number>>> {
  const asked: Readonly<Record<string, () => Promise<unknown>>> = {
    notices: () => manager.notices.deliver('ops', { notify: async () => {} }),
    resume: () => manager.resume(),
    runs: () => Array.fromAsync(manager.runs({ states: ['running', 'waiting', 'paused', 'interrupted'] })),
    requests: () => manager.requests.list(),
    diagnose: () => manager.diagnose({ unit: UNIT }),
  }
  const found: Record<string, number> = {}
  for (const [name, ask] of Object.entries(asked)) {
    await ask()
    take()
    await ask()
    found[name] = take()
  }
  return found
}

/** Runs that end, as many as that. */
async function live({ manager }: Fleet, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await manager.execute(index % 2 === 0 ? stop : start, { unit: UNIT, groups: ['vmgroup_1'] })
  }
}

describe('after many runs', () => {
  it('what is asked again and again costs no more than after a few', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await using opened = openSqliteStore(fleet.storePath)
    const { store, take } = counted(opened)
    await using manager = fleet.another({ store, principal: ADMINISTRATOR })
    const before = await costs(manager, take)
    await live(fleet, 20)
    for (let index = 0; index < 3; index += 1) {
      const asking = await fleet.manager.start(await fleet.manager.plan(stop, { unit: UNIT }), { approval: 'required' })
      await asking.until('waiting')
      await asking.cancel('enough')
    }
    expect(await costs(manager, take)).toEqual(before)
    await manager.compact({ keepMs: 0 })
    expect(await costs(manager, take)).toEqual(before)
  })

  it('what is compacted is not read again by the next compaction', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await using opened = openSqliteStore(fleet.storePath)
    const { store, take } = counted(opened)
    await using manager = fleet.another({ store, principal: ADMINISTRATOR })
    await live(fleet, 6)
    expect((await manager.compact({ keepMs: 0 })).length).toBeGreaterThanOrEqual(6)
    const heads = (await Array.fromAsync(opened.list('run/'))).length
    take()
    expect(await manager.compact({ keepMs: 0 })).toEqual([])
    // Who it is, and the heads.
    expect(take()).toBeLessThan(heads + 3)
  })

  it('those that stand are found, and no others', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await fleet.build(UNIT, storyGroups())
    await live(fleet, 2)
    const waiting = await manager.start(await manager.plan(stop, { unit: UNIT }), { approval: 'required' })
    await waiting.until('waiting')
    const found = async () =>
      (await Array.fromAsync(fleet.another().runs({ states: ['waiting', 'paused'] }))).map(({ id }) => id)
    expect(await found()).toEqual([waiting.id])
    await waiting.cancel('enough')
    expect(await found()).toEqual([])
    const cancelled = await Array.fromAsync(manager.runs({ states: ['cancelled', 'running'] }))
    expect(cancelled.map(({ id }) => id)).toEqual([waiting.id])
  })
})

describe('a run whose creation took longer than the whole of a later one', () => {
  it('is told as well, by who has told of the later one and by who begins', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const admin = fleet.manager.as(ADMINISTRATOR)
    const told: Notice[] = []
    const deliver = async (name: string): Promise<readonly string[]> => {
      await admin.notices.deliver(name, { notify: async (notice) => void told.push(notice) })
      return told.splice(0).map(({ run }) => String(run))
    }
    await deliver('ops')
    await using opened = openSqliteStore(fleet.storePath)
    let later = ''
    const slow: StateStore = {
      ...opened,
      async commit(batch, call) {
        if (later === '' && batch.append?.[0]?.seq === 1) {
          later = (await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_2'] })).runId
          expect(await deliver('ops')).toEqual([later])
        }
        await opened.commit(batch, call)
      },
    }
    await using manager = fleet.another({ store: slow })
    const { runId } = await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    expect([later, runId].toSorted()[0], 'its id is the earlier one').toBe(runId)
    expect(await deliver('ops')).toEqual([runId])
    expect(await deliver('ops')).toEqual([])
    expect((await deliver('others')).slice(-2).toSorted()).toEqual([runId, later].toSorted())
  })
})
