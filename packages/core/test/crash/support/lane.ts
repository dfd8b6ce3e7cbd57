import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createManager, type JournalRecord, type Lease, type Manager, type StateStore } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import type { FaultRule, World } from '@vmunit/core/testing'
import { addressPool } from './addresses.ts'
import { type BaseName, type Bases, documentsOf, openCopiedWorld, openWorldProcess } from './bases.ts'
import { type Evidence, evidenceOf } from './evidence.ts'
import { fingerprint } from './fingerprint.ts'
import { inTime } from './in-time.ts'
import { createLife, type Death, describeDeath, type Life } from './life.ts'
import { live } from './living.ts'
import { mortal, mortalGuests, mortalStore } from './mortal.ts'
import { liveInProcess } from './mortal-process.ts'
import { personFor } from './person.ts'
import type { Scenario } from './scenario.ts'
import { TIMING } from './timing.ts'

/** A successor's clock is so far ahead that the lease of its dead predecessor has expired; the margin passes in real time. */
const GENERATION_MS = 60_000

/** One manager after another, each when the lease of the one before has expired. */
export const SUCCESSORS = [0, 1, 2, 3]

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
  /** World and first manager are processes of their own, and the manager's death is SIGKILL. */
  readonly processes?: boolean
}

/** A database that many cases use one after another, each from the documents of its base. */
export interface Lane extends AsyncDisposable {
  run(scenario: Scenario, deaths: readonly Death[], circumstances?: Circumstances): Promise<Ending>
  /** A fresh world and the documents of a base, for stories of another kind. */
  begin(base: BaseName, circumstances?: Circumstances): Promise<Stage>
}

export interface Stage extends AsyncDisposable {
  readonly world: World
  /** Where another process reaches the world, if that is a process too. */
  readonly socket: string | undefined
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

  async function begin(base: BaseName, { slow = false, processes = false }: Circumstances = {}): Promise<Stage> {
    await reset(storeOf(0), bases.documents[base])
    const worldDirectory = `${directory}-world`
    await cp(bases.worldOf(base), worldDirectory, { recursive: true })
    const { world, socket } = processes
      ? await openWorldProcess(worldDirectory, { slow })
      : { world: openCopiedWorld(worldDirectory, { slow }), socket: undefined }
    const managers: Manager[] = []
    const lives: Life[] = []
    return {
      world,
      socket,
      store: storeOf(0),
      manager(handle, life = createLife({ type: 'never' }), change = (lease) => lease) {
        const { hypervisor, balancer, guests } = world.as(`manager ${handle}`)
        const manager = createManager({
          hypervisors: { main: mortal(hypervisor, life, 'hypervisor') },
          balancers: { edge: mortal(balancer, life, 'balancer') },
          guests: mortalGuests(guests, life),
          addresses: mortal(addressPool(storeOf(handle)), life, 'addresses'),
          store: mortalStore(storeOf(handle), life, change),
          principal: { name: 'user_a', role: 'builder' },
          timing: TIMING,
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
        await world.stop()
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
      await using _person = personFor(scenario, () => stage.manager(0))
      const lives = [...deaths, { type: 'never' } as const].map((death) => createLife(death))
      let finished: readonly [string, string] | undefined
      for (const [generation, life] of lives.entries()) {
        const death = deaths[generation]
        if (stage.socket !== undefined && death !== undefined) {
          const { nextDefinition, script } = bases
          const task = { socket: stage.socket, database, scenario: scenario.name, nextDefinition, script, death }
          // One that outlived its moment has ended the run; the next one only says how.
          if ((await liveInProcess(task)).killed) life.kill()
          continue
        }
        // Nobody needs a clock that is ahead when the predecessor is a process that has ended.
        const manager = stage.manager(stage.socket === undefined ? generation : 0, life)
        const dead = life.died.then((): undefined => undefined)
        const label = `${scenario.name}, manager ${generation}: ${describeDeath(death ?? { type: 'never' })}`
        const living = Promise.race([live(scenario, { bases, manager, store: stage.store }), dead])
        // A dead one is not waited for when the stage is closed.
        finished = await inTime(label, living, { onLate: life.kill })
        if (finished !== undefined) break
      }
      if (finished === undefined) throw new Error('The last manager did not finish.')
      const [runId, state] = finished
      const journal: JournalRecord[] = []
      for await (const record of stage.store.journal(runId, 1)) journal.push(record)
      const log = (await world.admin.log()).slice(from - 1)
      const after = { machines: await world.admin.machines(), documents: await documentsOf(stage.store) }
      return {
        state,
        fingerprint: await fingerprint(world, stage.store, runId),
        evidence: evidenceOf({ before, after, log, run: runId, journal }),
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
