import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createManager,
  isVmunitError,
  type JournalRecord,
  type Lease,
  type Manager,
  type Run,
  type StateStore,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import type { FaultRule, World } from '@vmunit/core/testing'
import { type BaseName, type Bases, openCopiedWorld } from './bases.ts'
import { type Evidence, evidenceOf } from './evidence.ts'
import { fingerprint } from './fingerprint.ts'
import { createLife, type Death, type Life } from './life.ts'
import { mortal, mortalGuests, mortalStore } from './mortal.ts'
import type { Scenario } from './scenarios.ts'

export const LEASE_MS = 600

/** A successor's clock is so far ahead that the lease of its dead predecessor has expired; the margin passes in real time. */
const GENERATION_MS = 60_000

/** One manager after another, each when the lease of the one before has expired. */
export const SUCCESSORS = [0, 1, 2, 3]

const ENDED = new Set(['succeeded', 'failed', 'cancelled'])

/** What became of a scenario. */
export interface Ending {
  readonly state: string
  readonly fingerprint: unknown
  readonly evidence: Evidence
  /** Of each manager: how far it came. */
  readonly lives: readonly { readonly commits: number; readonly calls: number; readonly died: boolean }[]
}

export interface Circumstances {
  readonly faults?: readonly FaultRule[]
  /** Whether the platform takes its time. */
  readonly slow?: boolean
}

/** A database that many cases use one after another, each from the documents of its base. */
export interface Lane extends AsyncDisposable {
  run(scenario: Scenario, deaths: readonly Death[], circumstances?: Circumstances): Promise<Ending>
  /** A fresh world and the documents of a base, for stories of another kind. */
  begin(base: BaseName, circumstances?: Circumstances): Promise<Stage>
}

export interface Stage extends AsyncDisposable {
  readonly world: World
  /** A manager of its own, with a store handle of its own, named in the world's log. */
  manager(handle: number, life?: Life, change?: (lease: Lease) => Lease): Manager
  readonly store: StateStore
}

let laneCount = 0

/** `clocks`: of each store handle of the lane, in generations. */
export async function openLane(bases: Bases, clocks: readonly number[]): Promise<Lane> {
  laneCount += 1
  const directory = join(bases.directory, `lane-${laneCount}`)
  const database = `${directory}.db`
  await cp(bases.database, database)
  const stores = clocks.map((generation) =>
    openSqliteStore(database, { clock: { now: () => Date.now() + generation * GENERATION_MS } }),
  )
  const storeOf = (handle: number): StateStore => {
    const store = stores[handle]
    if (store === undefined) throw new Error(`The lane has ${clocks.length} store handles.`)
    return store
  }

  async function begin(base: BaseName, { slow = false }: Circumstances = {}): Promise<Stage> {
    await reset(storeOf(0), bases.documents[base])
    const worldDirectory = `${directory}-world`
    await cp(bases.worldOf(base), worldDirectory, { recursive: true })
    const world = openCopiedWorld(worldDirectory, { slow })
    const managers: Manager[] = []
    const lives: Life[] = []
    return {
      world,
      store: storeOf(0),
      manager(handle, life = createLife({ type: 'never' }), change = (lease) => lease) {
        const { hypervisor, balancer, guests } = world.as(`manager ${handle}`)
        const manager = createManager({
          hypervisors: { main: mortal(hypervisor, life, 'hypervisor') },
          balancers: { edge: mortal(balancer, life, 'balancer') },
          guests: mortalGuests(guests, life),
          store: mortalStore(storeOf(handle), life, change),
          principal: { name: 'user_a', role: 'builder' },
          timing: { leaseMs: LEASE_MS, pollMs: 20, retryForMs: 10_000, lookForMs: 10_000 },
        })
        managers.push(manager)
        lives.push(life)
        return manager
      },
      async [Symbol.asyncDispose]() {
        await Promise.all(
          managers.filter((_, index) => lives[index]?.isDead === false).map((manager) => manager.close()),
        )
        for (const life of lives) life.kill()
        await world.close()
        await rm(worldDirectory, { recursive: true })
      },
    }
  }

  return {
    begin,
    async run(scenario, deaths, circumstances = {}) {
      const { faults = [] } = circumstances
      await using stage = await begin(scenario.base, circumstances)
      const { world } = stage
      const before = await world.admin.machines()
      const from = (await world.admin.log()).length + 1
      if (faults.length > 0) await world.admin.faults(faults)
      const lives = [...deaths, { type: 'never' } as const].map((death) => createLife(death))
      let finished: readonly [string, string] | undefined
      for (const [generation, life] of lives.entries()) {
        finished = await live(scenario, { bases, manager: stage.manager(generation, life), life, store: stage.store })
        if (finished !== undefined) break
      }
      if (finished === undefined) throw new Error('The last manager did not finish.')
      const [runId, state] = finished
      const journal: JournalRecord[] = []
      for await (const record of stage.store.journal(runId, 1)) journal.push(record)
      const log = (await world.admin.log()).slice(from - 1)
      return {
        state,
        fingerprint: await fingerprint(world, stage.store, runId),
        evidence: evidenceOf({ before, log, run: runId, journal }),
        lives: lives.map(({ commits, calls, isDead }) => ({ commits, calls, died: isDead })),
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(stores.map((store) => store.close()))
    },
  }
}

/** Puts the documents of a base in the place of what is there. Journals of earlier cases stay; nobody names them. */
async function reset(store: StateStore, documents: ReadonlyMap<string, JournalRecord['data']>): Promise<void> {
  const put = new Map([...documents].map(([key, value]) => [key, { key, revision: 0, value }]))
  for await (const { key, revision } of store.list('')) put.set(key, { key, revision, value: documents.get(key) })
  await store.commit({ put: [...put.values()] })
}

interface Living {
  readonly bases: Bases
  readonly manager: Manager
  readonly life: Life
  readonly store: StateStore
}

/** One manager begins or continues the scenario; resolves to run id and state, or to nothing when it died. */
async function live(
  scenario: Scenario,
  { bases, manager, life, store }: Living,
): Promise<readonly [string, string] | undefined> {
  const work = async (): Promise<readonly [string, string]> => {
    const begin = async (): Promise<Run> => await manager.start(await scenario.plan(manager, bases))
    const run = (await unfinished(manager, store)) ?? (await patiently(begin))
    return [run.id, await untilEnded(manager, run)]
  }
  const dead = life.died.then((): undefined => undefined)
  return await Promise.race([work(), dead])
}

/** The run that a predecessor left, or that it ended with its last act. */
async function unfinished(manager: Manager, store: StateStore): Promise<Run | undefined> {
  for await (const { key } of store.list('run/')) return await manager.run(key.slice('run/'.length))
  return undefined
}

/** What a person does when a look at the world fails for the moment. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isVmunitError(error) || !error.retryable) throw error
    }
  }
}

/** Resumes the run as often as it stands without an owner. */
export async function untilEnded(manager: Manager, run: Run): Promise<string> {
  for (;;) {
    const { state } = await run.state()
    if (ENDED.has(state)) return state
    if (state !== 'running') await resume(manager, run.id)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function resume(manager: Manager, id: string): Promise<void> {
  try {
    await manager.resume(id)
  } catch (error) {
    // It ended in the meantime, or the lease of the dead one has a moment left.
    if (!isVmunitError(error, 'ERR_WRONG_STATE', 'ERR_LOCKED')) throw error
  }
}
