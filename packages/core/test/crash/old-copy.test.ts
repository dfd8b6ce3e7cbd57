import { isVmunitError, type Run, stop } from '@vmunit/core'
import type { WorldEvent } from '@vmunit/core/testing'
import { baseSeed, randomOf } from '@vmunit/testbed/seeded-random'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import { type Bases, prepareBases } from './support/bases.ts'
import { UNIT } from './support/fleet-parts.ts'
import { type Ending, type Lane, openLane, SUCCESSORS } from './support/lane.ts'
import { type OldCopy, playFromOldCopy } from './support/old-copy.ts'
import { ROLLING, type Scenario } from './support/scenario.ts'
import { SCENARIOS, scenarioNamed } from './support/scenarios.ts'
import { undisturbed } from './support/undisturbed.ts'

// VMUNIT_CRASH=all: a backup at many commits of every run, instead of some.
const ALL = process.env['VMUNIT_CRASH'] === 'all'

/** About how many moments of a scenario `VMUNIT_CRASH=all` takes. */
const MANY = 24

/** How many commits the manager lives on after the copy: none, some, and up to the end of the run. */
const LIVES_ON = [0, 3, 12, 1_000]

let bases: Bases
let lane: Lane
let seed = 0
interface Moments {
  /** The commit after which the copy is made. */
  readonly after: number
  readonly extra: number
}

type Way = 'simply' | 'adopted' | 'refused'
const tally = { simply: 0, adopted: 0, refused: 0 }

beforeAll(async () => {
  seed = baseSeed()
  bases = await prepareBases()
  lane = await openLane(bases, SUCCESSORS)
})

afterAll(async () => {
  console.log(`resumed simply ${tally.simply}, by adoption ${tally.adopted}, refused for good ${tally.refused}`)
  await lane[Symbol.asyncDispose]()
  await bases[Symbol.asyncDispose]()
})

const PLAYED = [ROLLING, ...SCENARIOS.filter(({ base }) => base === 'patched')]

/** Some moments of copies and deaths, which a seed chooses. */
function momentsOf(scenario: Scenario, commits: number): readonly Moments[] {
  const all = Array.from({ length: commits }, (_, index) =>
    LIVES_ON.map((extra) => ({ after: index + 1, extra })),
  ).flat()
  const random = randomOf(seed)
  if (ALL) return all.filter(() => random.chance(MANY / all.length))
  return Array.from({ length: scenario === ROLLING ? 6 : 1 }, () => random.pick(all))
}

function changesIn(log: readonly WorldEvent[]): readonly string[] {
  return log.flatMap((event) => (event.type === 'call' && event.mutating ? [`${event.call} ${event.subject}`] : []))
}

/** Resumes, by adoption where the journal is behind; resolves to how. */
async function goOn(copy: OldCopy, label: string): Promise<Way> {
  const { manager, run, world } = copy
  const from = (await world.admin.log()).length + 1
  const behind = await unlessBehind(async () => {
    await manager.resume(run)
    await (await manager.run(run)).result().catch(unlessItFailed)
  })
  if (!behind) return 'simply'
  if (await isUntouched(copy)) {
    expect({ label, changes: changesIn((await world.admin.log()).slice(from - 1)) }).toEqual({ label, changes: [] })
  }
  const unexplained = await unlessBehind(async () => {
    await manager.resume(run, { adopt: true })
    await (await manager.run(run)).result().catch(unlessItFailed)
  })
  if (!unexplained) return 'adopted'
  await giveUp(copy, await manager.run(run))
  return 'refused'
}

async function unlessBehind(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return false
  } catch (error) {
    if (!isVmunitError(error, 'ERR_JOURNAL_BEHIND')) throw error
    return true
  }
}

function unlessItFailed(error: unknown): void {
  if (!isVmunitError(error, 'ERR_RUN_FAILED')) throw error
}

async function servingMachines({ world }: OldCopy): Promise<readonly string[]> {
  return (await world.admin.machines()).flatMap(({ id, serving }) => (serving ? [id] : []))
}

/** Whether the manager over the restored store has not moved the run. */
async function isUntouched({ store, run, records }: OldCopy): Promise<boolean> {
  return (await Array.fromAsync(store.journal(run, 1))).length === records
}

/** What is left when nobody can explain the world: the run is cancelled, which touches nothing. */
async function giveUp({ world }: OldCopy, run: Run): Promise<void> {
  const from = (await world.admin.log()).length + 1
  await run.cancel('the store was restored')
  expect((await run.state()).state).toBe('cancelled')
  expect(changesIn((await world.admin.log()).slice(from - 1))).toEqual([])
}

/** The answer at a gate is proved by what was made behind it: it is not asked for again. */
function withoutGateAnswers(all: unknown): unknown {
  const { documents, ...rest } = all as { readonly documents: readonly (readonly [string, unknown])[] }
  return { ...rest, documents: documents.filter(([key]) => !/^request\/RUN:(start|wave:)/.test(key)) }
}

async function play(scenario: Scenario, wanted: Ending, { after, extra }: Moments): Promise<void> {
  const label = `${scenario.name}, a copy after commit ${after}, death ${extra} later`
  await using copy = await playFromOldCopy(bases, scenario, { copyAfter: after, dieAfter: after + extra })
  const serving = await servingMachines(copy)
  const way = await goOn(copy, label)
  tally[way] += 1
  if (way === 'refused') {
    const left = new Set((await copy.world.admin.machines()).map(({ id }) => id))
    expect({ label, lost: serving.filter((id) => !left.has(id)) }).toEqual({ label, lost: [] })
    return
  }
  const { state, fingerprint, evidence } = await copy.ending()
  // What the way back took away may be made again: it is proved to be gone.
  const repeated = scenario.ends === 'failed' ? [] : evidence.repeated
  const compared = way === 'adopted' ? withoutGateAnswers : (all: unknown): unknown => all
  expect({ label, way, state, fingerprint: compared(fingerprint), creations: evidence.creations, repeated }).toEqual({
    label,
    way,
    state: wanted.state,
    fingerprint: compared(wanted.fingerprint),
    creations: wanted.evidence.creations,
    repeated: [],
  })
  expect({ label, enough: evidence.leastServing >= scenario.serving }).toEqual({ label, enough: true })
}

describe('A run whose store is replaced by an old copy of it', () => {
  it.each(PLAYED.map((scenario) => [scenario.name, scenario] as const))(
    '%s: ends like the undisturbed run, or is stopped before anything is changed',
    async (_, scenario) => {
      const wanted = await undisturbed(lane, scenario)
      const { commits = 0 } = wanted.lives[0] ?? {}
      for (const moments of momentsOf(scenario, commits - 2)) await play(scenario, wanted, moments)
    },
    ALL ? 1_800_000 : 120_000,
  )

  it('still lists a machine that is kept, whatever was written down of it last', async () => {
    const scenario = scenarioNamed('recoverServer, replace')
    const wanted = await undisturbed(lane, scenario)
    for (const after of [3, 4, 5, 6, 7, 8]) await play(scenario, wanted, { after, extra: 12 })
  }, 120_000)

  it(
    'loses no machine and makes none twice, also when nothing says that records are missing',
    async () => {
      const wanted = await undisturbed(lane, ROLLING)
      const { commits = 0 } = wanted.lives[0] ?? {}
      for (const { after, extra } of momentsOf(ROLLING, commits - 2)) {
        const label = `a lost tail after commit ${after}, death ${extra} later`
        await using copy = await playFromOldCopy(bases, ROLLING, {
          copyAfter: after,
          dieAfter: after + extra,
          unmarked: true,
        })
        const { manager, run, world } = copy
        const serving = await servingMachines(copy)
        const from = (await world.admin.log()).length + 1
        const isBehind = await unlessBehind(async () => {
          await manager.resume(run)
          await (await manager.run(run)).result().catch(unlessItFailed)
        })
        if (isBehind) {
          expect({ label, changes: changesIn((await world.admin.log()).slice(from - 1)) }).toEqual({
            label,
            changes: [],
          })
        }
        const { evidence } = await copy.ending()
        const machines = await world.admin.machines()
        const slots = machines.flatMap(({ marker }) => (marker?.unit === UNIT ? [marker.slot] : []))
        // A server that is not being replaced has one machine, one that is has two; none has none.
        expect({
          label,
          slots: new Set(slots).size,
          most: Math.max(...slots.map((slot) => slots.filter((other) => other === slot).length)) <= 2,
        }).toEqual({ label, slots: 4, most: true })
        // A job that no record knows is begun again under its id, which starts nothing when its guest knows it.
        const repeated = evidence.repeated.filter((call) => !call.startsWith('guests.startJob '))
        expect({ label, repeated }).toEqual({ label, repeated: [] })
        expect({ label, unknown: evidence.creations.filter((id) => !wanted.evidence.creations.includes(id)) }).toEqual({
          label,
          unknown: [],
        })
        // What served, serves; or its place was taken by the one that the plan makes.
        const replaced = machines.filter(({ marker }) => marker?.operationId.startsWith(run)).length
        const gone = serving.filter((id) => !machines.some((machine) => machine.id === id)).length
        expect({ label, lost: gone > replaced }).toEqual({ label, lost: false })
      }
    },
    ALL ? 1_800_000 : 120_000,
  )

  it('takes no group out while another one is out that nobody remembers', async () => {
    const scenario = scenarioNamed('applyPatch, by a person, group by group')
    const wanted = await undisturbed(lane, scenario)
    // The second group is about to be taken out by the copy, and the third one was when the first manager died.
    for (const after of [11, 12, 13]) await play(scenario, wanted, { after, extra: 12 })
  })

  it('keeps a new run off what nobody remembers', async () => {
    await using copy = await playFromOldCopy(bases, ROLLING, { copyAfter: 1, dieAfter: 1_000 })
    const { manager, run, world } = copy
    await (await manager.run(run)).cancel('the store was restored')
    const log = (await world.admin.log()).length
    const plan = await manager.plan(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    const error = await refusal(manager.start(plan))
    expect(error.code).toBe('ERR_JOURNAL_BEHIND')
    expect(changesIn((await world.admin.log()).slice(log))).toEqual([])
    const traces = error.details['traces'] as readonly { readonly operationId: string }[]
    const ids = traces.map(({ operationId }) => operationId)
    expect(ids).toHaveLength(3)
    expect((await refusal(manager.acceptTraces(ids))).code).toBe('ERR_PERMISSION_DENIED')
    await manager.as({ name: 'admin', role: 'administrator' }).acceptTraces(ids)
    const accepted = await manager.start(plan)
    await accepted.cancel('enough')
    expect((await accepted.state()).state).toMatch(/cancelled|failed/)
  })
})
