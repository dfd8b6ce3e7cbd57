import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createManager, type JournalRecord, type Manager, type StateStore } from '@vmunit/core'
import { backupSqliteStore, openSqliteStore, restoreSqliteStore } from '@vmunit/core/sqlite-store'
import type { World } from '@vmunit/core/testing'
import { addressPool } from './addresses.ts'
import { type Bases, openCopiedWorld } from './bases.ts'
import { type Evidence, evidenceOf } from './evidence.ts'
import { fingerprint } from './fingerprint.ts'
import { createLife, type Life } from './life.ts'
import { mortal, mortalGuests, mortalStore } from './mortal.ts'
import { personFor } from './person.ts'
import type { Scenario } from './scenario.ts'
import { LEASE_MS } from './timing.ts'

/** A run whose store was replaced by a copy of it from some moments before. */
export interface OldCopy extends AsyncDisposable {
  readonly run: string
  readonly world: World
  /** Whether the manager that moved the run first came to its end. */
  readonly hadEnded: boolean
  /** A manager over the restored store. */
  readonly manager: Manager
  readonly store: StateStore
  /** How many records of the run the copy has. */
  readonly records: number
  /** What the run left, and how it went. */
  ending(): Promise<{ readonly state: string; readonly fingerprint: unknown; readonly evidence: Evidence }>
}

export interface OldCopyOptions {
  /** The journal commit after which the copy is made, counted from 1. */
  readonly copyAfter: number
  /** The journal commit after which the manager dies. */
  readonly dieAfter: number
  /** The copy just takes the place of the store, as when the end of its log was lost: nothing says that it is old. */
  readonly unmarked?: boolean
}

const AHEAD_MS = 60_000
let count = 0

/** Plays a scenario, makes a backup in the middle of it, lets its manager go on for a while, and restores the backup. */
export async function playFromOldCopy(
  bases: Bases,
  scenario: Scenario,
  { copyAfter, dieAfter, unmarked = false }: OldCopyOptions,
): Promise<OldCopy> {
  count += 1
  const directory = join(bases.directory, `old-copy-${count}`)
  const [database, backup, restored] = ['.db', '-backup.db', '-restored.db'].map((suffix) => `${directory}${suffix}`)
  if (database === undefined || backup === undefined || restored === undefined) throw new Error('no paths')
  await cp(bases.databaseOf(scenario.base), database)
  await cp(bases.worldOf(scenario.base), directory, { recursive: true })
  const world = openCopiedWorld(directory, { slow: false })
  const before = await world.admin.machines()
  const from = (await world.admin.log()).length + 1

  const life = createLife({ type: 'never' })
  const first = openSqliteStore(database)
  let commits = 0
  const counting: StateStore = {
    ...first,
    async commit(batch, call) {
      await first.commit(batch, call)
      if ((batch.append ?? []).length === 0) return
      commits += 1
      if (commits === copyAfter) await backupSqliteStore(database, backup)
      if (commits === dieAfter) life.kill()
    },
  }
  const manager = managerOf(world, mortalStore(counting, life), life)
  const person = personFor(scenario, () => managerOf(world, first, createLife({ type: 'never' })))
  const earlier = new Set((await Array.fromAsync(first.list('run/'))).map(({ key }) => key))
  const plan = await scenario.plan(manager, bases)
  const work = manager.start(plan).then(async (started) => {
    await started.result().catch(() => undefined)
    return true
  })
  const hadEnded = await Promise.race([work, life.died.then(() => false)])
  await person?.[Symbol.asyncDispose]()
  if (hadEnded) await manager.close()
  // What is written together differs from time to time: with fewer commits, the copy is of the last one.
  if (commits < copyAfter) await backupSqliteStore(database, backup)
  life.kill()
  const runs = (await Array.fromAsync(first.list('run/'))).map(({ key }) => key)
  const run = runs.find((key) => !earlier.has(key))?.slice('run/'.length) ?? ''
  if (!unmarked) await restoreSqliteStore(backup, restored)
  const store = openSqliteStore(unmarked ? backup : restored, { clock: { now: () => Date.now() + AHEAD_MS } })
  const successor = managerOf(world, store, createLife({ type: 'never' }))
  const { length: records } = await Array.fromAsync(store.journal(run, 1))
  const again = personFor(scenario, () => successor)
  return {
    run,
    records,
    world,
    hadEnded,
    manager: successor,
    store,
    async ending() {
      const journal: JournalRecord[] = []
      for await (const record of store.journal(run, 1)) journal.push(record)
      const log = (await world.admin.log()).slice(from - 1)
      return {
        state: (await (await successor.run(run)).state()).state,
        fingerprint: await fingerprint(world, store, run),
        evidence: evidenceOf({ before, log, run, journal }),
      }
    },
    async [Symbol.asyncDispose]() {
      await again?.[Symbol.asyncDispose]()
      await successor.close()
      await store.close()
      await first.close()
      await world.close()
      await rm(directory, { recursive: true })
    },
  }
}

function managerOf(world: World, store: StateStore, life: Life): Manager {
  return createManager({
    hypervisors: { main: mortal(world.hypervisor, life, 'hypervisor') },
    balancers: { edge: mortal(world.balancer, life, 'balancer') },
    guests: mortalGuests(world.guests, life),
    addresses: mortal(addressPool(store), life, 'addresses'),
    store,
    principal: { name: 'user_a', role: 'builder' },
    timing: { leaseMs: LEASE_MS, pollMs: 20, retryForMs: 2_000, lookForMs: 2_000 },
  })
}
