import { setTimeout } from 'node:timers/promises'
import {
  applyTemplate,
  isVmunitError,
  type JournalRecord,
  type Manager,
  type Plan,
  power,
  type Run,
  stop,
} from '@vmunit/core'
import { baseSeed, type Random, randomOf } from '@vmunit/testbed/seeded-random'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bases, prepareBases } from './support/bases.ts'
import { evidenceOf, leastServing } from './support/evidence.ts'
import { fingerprint } from './support/fingerprint.ts'
import { GROUPS, UNIT } from './support/fleet-parts.ts'
import { type Lanes, openLanes } from './support/in-lanes.ts'
import { inTime } from './support/in-time.ts'
import { type Lane, openLane, type Stage, SUCCESSORS } from './support/lane.ts'
import { createLife } from './support/life.ts'
import { untilEnded } from './support/living.ts'
import { jitter } from './support/pace.ts'
import { notePoints } from './support/points.ts'
import { ROLLING } from './support/scenario.ts'
import { expectSame, undisturbed } from './support/undisturbed.ts'

// VMUNIT_CRASH=all: a thousand interleavings of two managers with plans, half of each kind.
const ALL = process.env['VMUNIT_CRASH'] === 'all'
const INTERLEAVINGS = ALL ? 500 : 40
const RESUMED = ALL ? 200 : 20
const TIME_LIMIT_MS = ALL ? 900_000 : 120_000
const GROUP_NAMES = GROUPS.map(({ name }) => name)

/** A manager that died, and two that live at the same time after it; or just those two. */
const DEAD_AND_TWO = [0, 1, 1]

let bases: Bases
let lanes: Lanes
let lane: Lane
let seed = 0

beforeAll(async () => {
  seed = baseSeed()
  bases = await prepareBases()
  lanes = await openLanes(bases, DEAD_AND_TWO)
  lane = await openLane(bases, SUCCESSORS)
})

afterAll(async () => {
  await lane[Symbol.asyncDispose]()
  await lanes[Symbol.asyncDispose]()
  await bases[Symbol.asyncDispose]()
})

const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => seed + index)

/** Two managers that live at the same time, each taking the other's turn now and then. */
function twoOf(stage: Stage, random: Random): readonly [Manager, Manager] {
  const one = (handle: number): Manager =>
    stage.manager(handle, createLife({ type: 'never' }, { pace: jitter(randomOf(random.below(2 ** 31))) }))
  return [one(1), one(2)]
}

function someGroups(random: Random): readonly string[] {
  const some = GROUP_NAMES.filter(() => random.chance(0.5))
  return some.length > 0 ? some : [random.pick(GROUP_NAMES)]
}

async function planFor(manager: Manager, groups: readonly string[], random: Random): Promise<Plan> {
  const plans = [
    async (): Promise<Plan> =>
      await manager.plan(applyTemplate, {
        unit: UNIT,
        groups,
        template: { template: 'web-base', version: 2 },
        allowOutage: true,
      }),
    async (): Promise<Plan> => await manager.plan(stop, { unit: UNIT, groups }),
    async (): Promise<Plan> => await manager.plan(power, { unit: UNIT, groups, to: 'off' }),
  ]
  // Switching off what runs is refused; then the plan is another one.
  return await random
    .pick(plans)()
    .catch(async () => await manager.plan(stop, { unit: UNIT, groups }))
}

/** Starts a plan and waits for its end; resolves to how that went. */
async function attempt(manager: Manager, plan: Plan): Promise<string> {
  try {
    const run = await manager.start(plan)
    return await untilEnded(manager, run)
  } catch (error) {
    if (isVmunitError(error)) return error.code
    throw error
  }
}

const LOSES = new Set(['ERR_CLAIMED', 'ERR_PLAN_STALE'])
/** How the run of a group ends that found no stand-in. */
const REFUSED = new Set(['failed', 'ERR_PLAN_STALE'])

describe('Two managers with plans for one unit', () => {
  it(
    `share no group, in ${INTERLEAVINGS} interleavings`,
    async () => {
      const results = { shared: 0, apart: 0 }
      await lanes.each(seeds(INTERLEAVINGS), async (own, laneOfOwn) => {
        const random = randomOf(own)
        await using stage = await laneOfOwn.begin('patched')
        const before = await stage.world.admin.machines()
        const [first, second] = twoOf(stage, random)
        const groups = [someGroups(random), someGroups(random)] as const
        const plans = await Promise.all([planFor(first, groups[0], random), planFor(second, groups[1], random)])
        const from = (await stage.world.admin.log()).length
        const label = `seed ${own}: ${groups[0].join()} | ${groups[1].join()}`
        const ends = await inTime(label, Promise.all([attempt(first, plans[0]), attempt(second, plans[1])]))
        const overlap = groups[0].some((group) => groups[1].includes(group))
        if (overlap) {
          expect({ label, lost: ends.filter((end) => LOSES.has(end)).length }).toEqual({ label, lost: 1 })
          results.shared += 1
        } else {
          expect({ label, ends }).toEqual({ label, ends: ['succeeded', 'succeeded'] })
          results.apart += 1
        }
        const log = (await stage.world.admin.log()).slice(from)
        expect({ label, groups: await groupsOfTwoCallers(stage, log) }).toEqual({ label, groups: [] })
        expect(evidenceOf({ before, log, run: '', journal: [] }).strayCalls).toEqual([])
        for await (const { key, value } of stage.store.list('claims/'))
          expect({ label, key, value }).toEqual({ label, key, value: {} })
      })
      expect(Math.min(results.shared, results.apart)).toBeGreaterThan(0)
      notePoints({ operation: 'two managers, one unit', moment: 'any', points: INTERLEAVINGS, killed: INTERLEAVINGS })
    },
    TIME_LIMIT_MS,
  )

  it(
    `take no two groups of a tier out at the same moment, in ${INTERLEAVINGS} interleavings`,
    async () => {
      const ended = new Map<string, number>()
      await lanes.each(seeds(INTERLEAVINGS), async (own, laneOfOwn) => {
        const random = randomOf(own)
        await using stage = await laneOfOwn.begin('patched')
        const before = await stage.world.admin.machines()
        const [first, second] = twoOf(stage, random)
        // The only two groups of their tier: while one is out, the other one must serve.
        const plan = async (manager: Manager, group: string): Promise<Plan> =>
          await manager.plan(applyTemplate, {
            unit: UNIT,
            groups: [group],
            template: { template: 'web-base', version: 2 },
          })
        const plans = await Promise.all([plan(first, 'vmgroup_1'), plan(second, 'vmgroup_2')])
        const from = (await stage.world.admin.log()).length
        const label = `seed ${own}`
        const later = async (): Promise<string> => {
          await setTimeout(random.below(80))
          return await attempt(second, plans[1])
        }
        const ends = await inTime(label, Promise.all([attempt(first, plans[0]), later()]))
        const serving = leastServing(before, (await stage.world.admin.log()).slice(from))
        expect({ label, serving, ends: ends.filter((end) => !REFUSED.has(end)).length > 0 }).toEqual({
          label,
          serving: GROUPS.length - 1,
          ends: true,
        })
        const key = ends.toSorted().join(' and ')
        ended.set(key, (ended.get(key) ?? 0) + 1)
        for await (const { key: document, value } of stage.store.list('outages/')) {
          expect({ label, document, value }).toEqual({ label, document, value: {} })
        }
      })
      console.log([...ended].map(([ends, count]) => `${count} × ${ends}`).join(', '))
      notePoints({ operation: 'two managers, one tier', moment: 'any', points: INTERLEAVINGS, killed: INTERLEAVINGS })
    },
    TIME_LIMIT_MS,
  )
})

/** Groups that more than one manager worked on. */
async function groupsOfTwoCallers(
  stage: Stage,
  log: Awaited<ReturnType<Stage['world']['admin']['log']>>,
): Promise<readonly string[]> {
  const slotOf = new Map<string, string>()
  const note = (id: string, slot: string | undefined): void => {
    if (slot !== undefined) slotOf.set(id, slot)
  }
  for (const { id, marker, addresses } of await stage.world.admin.machines()) {
    note(id, marker?.slot)
    if (marker?.unit === UNIT) for (const address of addresses) note(address, marker.slot)
  }
  const callers = new Map<string, Set<string>>()
  for (const event of log) {
    if (event.type !== 'begun' || event.caller === 'manager') continue
    const slot = slotOf.get(event.subject) ?? event.subject
    const group = slot.split('/')[0] ?? ''
    if (!GROUP_NAMES.includes(group)) continue
    callers.set(group, (callers.get(group) ?? new Set()).add(event.caller))
  }
  return [...callers].flatMap(([group, names]) => (names.size > 1 ? [group] : []))
}

async function journalOf(stage: Stage, run: string): Promise<readonly JournalRecord[]> {
  const journal: JournalRecord[] = []
  for await (const record of stage.store.journal(run, 1)) journal.push(record)
  return journal
}

async function theRun(stage: Stage): Promise<string> {
  for await (const { key } of stage.store.list('run/')) return key.slice('run/'.length)
  throw new Error('There is no run.')
}

describe('Two managers that resume the same run at once', () => {
  it(
    `leave it to one of them, in ${RESUMED} interleavings`,
    async () => {
      const wanted = await undisturbed(lane, ROLLING)
      const { commits = 0 } = wanted.lives[0] ?? {}
      await lanes.each(seeds(RESUMED), async (own, laneOfOwn) => {
        const label = `seed ${own}`
        const random = randomOf(own)
        await using stage = await laneOfOwn.begin(ROLLING.base)
        const before = await stage.world.admin.machines()
        const from = (await stage.world.admin.log()).length
        const life = createLife({ type: 'afterCommit', number: 1 + random.below(commits - 5) })
        const victim = stage.manager(0, life)
        const begun = (async () => await (await victim.start(await ROLLING.plan(victim, bases))).result())()
        await Promise.race([begun, life.died])
        const id = await theRun(stage)
        const takenOver = (await stage.world.admin.log()).length

        const managers = twoOf(stage, random)
        const resumed = await Promise.allSettled(managers.map(async (manager) => await manager.resume(id)))
        for (const result of resumed) {
          if (result.status === 'rejected') {
            expect(isVmunitError(result.reason, 'ERR_LOCKED'), `${label}: ${result.reason}`).toBe(true)
          }
        }
        const handles: readonly Run[] = await Promise.all(managers.map(async (manager) => await manager.run(id)))
        await Promise.all(handles.map(async (run) => await run.result()))

        const log = (await stage.world.admin.log()).slice(from)
        const callers = new Set(
          log.slice(takenOver - from).flatMap((event) => (event.type === 'begun' ? [event.caller] : [])),
        )
        expect({ label, callers: callers.size <= 1 ? 'one' : [...callers] }).toEqual({ label, callers: 'one' })
        const journal = await journalOf(stage, id)
        const owned = journal.filter(({ type }) => type === 'run.owned').length
        expect({ label, owned: owned <= 2 ? 'once' : owned }).toEqual({ label, owned: 'once' })
        const ending = {
          state: (await handles[0]?.state())?.state ?? '',
          fingerprint: await fingerprint(stage.world, stage.store, id),
          evidence: evidenceOf({ before, log, run: id, journal }),
          lives: [],
        }
        expectSame(ending, wanted, { scenario: ROLLING, label })
      })
    },
    TIME_LIMIT_MS,
  )
})

describe('A manager that was frozen while another one took its run over', () => {
  it(
    `changes nothing any more when it wakes, in ${RESUMED} interleavings`,
    async () => {
      const wanted = await undisturbed(lane, ROLLING)
      await lanes.each(seeds(RESUMED), async (own, laneOfOwn) => {
        const label = `seed ${own}`
        const random = randomOf(own)
        await using stage = await laneOfOwn.begin(ROLLING.base)
        const before = await stage.world.admin.machines()
        const from = (await stage.world.admin.log()).length
        const ice = createIce(1 + random.below(200))
        const stale = stage.manager(
          0,
          createLife({ type: 'never' }, { answers: ice.answers, pace: ice.calls }),
          (lease) => ({
            key: lease.key,
            token: lease.token,
            lost: lease.lost,
            isHeld: () => !ice.wasFrozen && lease.isHeld(),
            [Symbol.asyncDispose]: async () => await lease[Symbol.asyncDispose](),
          }),
        )
        const plan = await ROLLING.plan(stale, bases)
        ice.arm()
        const started = stale.start(plan)
        await ice.frozen
        const id = await theRun(stage).catch(() => undefined)
        if (id === undefined) {
          // Too early: there is no run yet that somebody could take over.
          ice.thaw()
          await started
          return
        }
        const successor = stage.manager(1)
        const run = await successor.run(id)
        const meanwhile = random.chance(0.5)
        const frozenAt = (await stage.world.admin.log()).length
        const ended = untilEnded(successor, run)
        if (meanwhile) {
          await untilOwnedTwice(stage, id)
          ice.thaw()
        }
        const state = await ended
        ice.thaw()
        await (await started).result()

        const log = await stage.world.admin.log()
        const late = log
          .slice(frozenAt)
          .flatMap((event) => (event.type === 'begun' && event.caller === 'manager 0' ? [event.call] : []))
        expect({ label, late }).toEqual({ label, late: [] })
        const ending = {
          state,
          fingerprint: await fingerprint(stage.world, stage.store, id),
          evidence: evidenceOf({ before, log: log.slice(from), run: id, journal: await journalOf(stage, id) }),
          lives: [],
        }
        expectSame(ending, wanted, { scenario: ROLLING, label })
      })
    },
    TIME_LIMIT_MS,
  )
})

async function untilOwnedTwice(stage: Stage, id: string): Promise<void> {
  for (;;) {
    const journal = await journalOf(stage, id)
    if (journal.filter(({ type }) => type === 'run.owned').length > 1) return
    if (journal.at(-1)?.type === 'run.succeeded') return
    await setTimeout(2)
  }
}

interface Ice {
  readonly frozen: Promise<void>
  readonly wasFrozen: boolean
  /** From now on answers count. */
  arm(): void
  thaw(): void
  readonly answers: () => Promise<void>
  readonly calls: () => Promise<void>
}

/** Freezes a process after so many answers: it neither gets an answer nor asks for anything until it thaws. */
function createIce(after: number): Ice {
  const frozen = Promise.withResolvers<void>()
  const thawed = Promise.withResolvers<void>()
  let isArmed = false
  let answered = 0
  let wasFrozen = false
  const hold = async (): Promise<void> => {
    if (wasFrozen) await thawed.promise
  }
  return {
    frozen: frozen.promise,
    get wasFrozen() {
      return wasFrozen
    },
    arm: () => {
      isArmed = true
    },
    thaw: () => thawed.resolve(),
    async answers() {
      if (isArmed) answered += 1
      if (answered === after) {
        wasFrozen = true
        frozen.resolve()
      }
      await hold()
    },
    calls: hold,
  }
}
