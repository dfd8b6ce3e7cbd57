import { describe, expect, it } from 'vitest'
import type { Plan, Wave } from '../../../src/domain/plan.ts'
import { stepsOf } from '../../../src/domain/planned-steps.ts'
import type { ChangeKey, RunRecord } from '../../../src/domain/run-record.ts'
import { applyRecord, changeKey, groupOfChange, type Progress } from '../../../src/engine/progress.ts'
import { changesInFlight, type Decision, decide } from '../../../src/engine/schedule.ts'
import { unfinishedGroups } from '../../../src/engine/unfinished-groups.ts'
import { groupNames, progressOf, type SyntheticPhase, syntheticPlan } from './support/synthetic-plan.ts'

interface Row {
  readonly waves?: readonly Wave[]
  readonly now?: number
  readonly approval?: boolean
  /** What happened so far, by group: of a plan with one phase and six groups. */
  readonly happened?: Readonly<Record<string, 'began' | 'done' | 'failed'>>
  readonly passed?: readonly string[]
}

const SIX: SyntheticPhase = { name: 'roll', groups: groupNames(6) }
const error = { code: 'ERR_DRIVER', message: 'it broke', details: {} } as const

function write(progress: Progress, ...records: readonly RunRecord[]): void {
  for (const record of records) applyRecord(progress, { ...record, time: 10_000 })
}

/** Writes that the change began, with its first step, and how it ended. */
function happen(progress: Progress, change: ChangeKey, state: 'began' | 'done' | 'failed'): void {
  const [direction, index] = change.split(':')
  const phase = (direction === 'back' ? progress.plan.back : progress.plan.phases)[Number(index)]
  const planned = phase?.changes.find(({ group }) => group === groupOfChange(change))
  const step = planned === undefined ? '' : (stepsOf(progress.plan, planned)[0]?.id ?? '')
  write(progress, { type: 'change.began', data: { change } }, { type: 'step.began', data: { step, attempt: 1 } })
  if (state === 'done') write(progress, { type: 'change.done', data: { change } })
  if (state === 'failed') write(progress, { type: 'change.failed', data: { change, error } })
}

function progressAfter(plan: Plan, { approval = false, happened = {}, passed = [] }: Row): Progress {
  const progress = progressOf(plan, approval)
  for (const gate of passed) write(progress, { type: 'gate.passed', data: { gate, by: 'user_b' } })
  for (const [group, state] of Object.entries(happened)) happen(progress, changeKey('forward', 0, group), state)
  return progress
}

/** A decision in few words. */
function told(decision: Decision): string {
  switch (decision.type) {
    case 'carryOn': {
      const wake = decision.wakeAt === undefined ? '' : `, wake at ${decision.wakeAt}`
      return `begin [${decision.begin.map(({ change }) => change.group).join(' ')}]${wake}`
    }
    case 'gate':
      return `gate ${decision.id}`
    case 'goBack':
      return 'go back'
    case 'renew':
      return decision.groups.map(({ group, attempt }) => `renew ${group} #${attempt}`).join(', ')
    case 'end':
      return decision.state
  }
}

function decided(row: Row): string {
  const plan = syntheticPlan({ phases: [{ ...SIX, waves: row.waves }], back: [{ ...SIX, name: 'go back' }] })
  return told(decide(progressAfter(plan, row), row.now ?? 10_000))
}

const approval = { kind: 'approval', text: 'go on?' } as const

describe('decide', () => {
  it.for<readonly [string, Row, string]>([
    ['one by one begins the first', { waves: [{ groups: 1 }] }, 'begin [g1]'],
    ['one by one waits for the one in flight', { waves: [{ groups: 1 }], happened: { g1: 'began' } }, 'begin []'],
    ['one by one goes on', { waves: [{ groups: 1 }], happened: { g1: 'done' } }, 'begin [g2]'],
    ['a share of nothing is still one', { waves: [{ groups: 0 }] }, 'begin [g1]'],
    ['a percentage is rounded down', { waves: [{ groups: '49%' }] }, 'begin [g1 g2]'],
    ['a share beyond all groups takes all', { waves: [{ groups: 99 }] }, 'begin [g1 g2 g3 g4 g5 g6]'],
    ['room is filled, not more', { waves: [{ groups: 3 }], happened: { g1: 'done', g2: 'began' } }, 'begin [g3 g4]'],
    ['the canary is alone', { waves: [{ groups: 1 }, { groups: 5 }], happened: { g1: 'began' } }, 'begin []'],
    ['after the canary', { waves: [{ groups: 1 }, { groups: 3 }], happened: { g1: 'done' } }, 'begin [g2 g3 g4]'],
    [
      'a soaking group keeps its place',
      { waves: [{ groups: 1, soakMs: 5_000 }], happened: { g1: 'done' }, now: 14_999 },
      'begin [], wake at 15000',
    ],
    [
      'and leaves it when the soak is over',
      { waves: [{ groups: 1, soakMs: 5_000 }], happened: { g1: 'done' }, now: 15_000 },
      'begin [g2]',
    ],
    [
      'the last group soaks before the end',
      {
        waves: [{ groups: '100%', soakMs: 5_000 }],
        happened: { g1: 'done', g2: 'done', g3: 'done', g4: 'done', g5: 'done', g6: 'done' },
        now: 12_000,
      },
      'begin [], wake at 15000',
    ],
    ['the gate of the start comes first', { approval: true }, 'gate start'],
    ['and is passed once', { approval: true, passed: ['start'], waves: [{ groups: 1 }] }, 'begin [g1]'],
    ['the gate of a first wave', { waves: [{ groups: 1, gate: approval }] }, 'gate wave:0:0'],
    [
      'the gate of a later wave waits for the wave before',
      { waves: [{ groups: 1 }, { groups: 2, gate: approval }], happened: { g1: 'began' } },
      'begin []',
    ],
    [
      'the gate of a later wave',
      { waves: [{ groups: 1 }, { groups: 2, gate: approval }], happened: { g1: 'done' } },
      'gate wave:0:1',
    ],
    [
      'a passed gate',
      { waves: [{ groups: 1 }, { groups: 2, gate: approval }], happened: { g1: 'done' }, passed: ['wave:0:1'] },
      'begin [g2 g3]',
    ],
    ['a failure', { waves: [{ groups: 1 }], happened: { g1: 'failed' } }, 'go back'],
    ['a failure beside one in flight', { waves: [{ groups: 2 }], happened: { g1: 'failed', g2: 'began' } }, 'begin []'],
    [
      'a failure within the budget',
      { waves: [{ groups: 2, maxFailures: 1 }], happened: { g1: 'failed' } },
      'begin [g2 g3]',
    ],
    [
      'a failure beyond the budget',
      { waves: [{ groups: 2, maxFailures: 1 }], happened: { g1: 'failed', g2: 'failed' } },
      'go back',
    ],
    [
      'a budget in per cent is rounded down',
      { waves: [{ groups: 2, maxFailures: '16%' }], happened: { g1: 'failed' } },
      'go back',
    ],
    [
      'each wave has its own failure budget: a strict canary, then one may fail',
      { waves: [{ groups: 1 }, { groups: 2, maxFailures: 1 }], happened: { g1: 'done', g2: 'failed' } },
      'begin [g3 g4]',
    ],
    [
      'each wave has its own failure budget: what the first tolerated does not count against the second',
      { waves: [{ groups: 1, maxFailures: 1 }, { groups: 2 }], happened: { g1: 'failed' } },
      'begin [g2 g3]',
    ],
    [
      'a tolerated failure is put back at the end',
      {
        waves: [{ groups: '100%', maxFailures: '100%' }],
        happened: { g1: 'failed', g2: 'done', g3: 'done', g4: 'done', g5: 'done', g6: 'done' },
      },
      'go back',
    ],
    [
      'the end',
      {
        waves: [{ groups: '100%' }],
        happened: { g1: 'done', g2: 'done', g3: 'done', g4: 'done', g5: 'done', g6: 'done' },
      },
      'succeeded',
    ],
  ])('%s', ([, row, expected]) => {
    expect(decided(row)).toBe(expected)
  })

  it('says why it goes back also when each group is for itself', () => {
    const alone = { groups: '100%', maxFailures: '100%' } as const
    const phase = { ...SIX, waves: [alone] }
    const happened = { g1: 'failed', g2: 'done', g3: 'done', g4: 'done', g5: 'failed', g6: 'done' } as const
    const decision = decide(progressAfter(syntheticPlan({ phases: [phase] }), { happened }), 11_000)
    expect(decision).toMatchObject({ type: 'goBack', reason: expect.stringMatching(/^g1, g5 failed: \S/) })
  })

  it('changes nothing and says the same when asked again', () => {
    const progress = progressAfter(syntheticPlan({ phases: [SIX] }), { happened: { g1: 'done', g2: 'began' } })
    const before = structuredClone(progress)
    expect(decide(progress, 11_000)).toEqual(decide(progress, 11_000))
    // What it counted is kept, so that it need not count again.
    expect({ ...progress, standing: undefined }).toEqual(before)
  })
})

describe('phases', () => {
  const plan = syntheticPlan({
    phases: ['stop', 'create'].map((name) => ({
      name,
      groups: groupNames(3),
      waves: [{ groups: '100%', maxFailures: 1 }],
    })),
    back: ['quarantine', 'start old'].map((name) => ({ name, groups: groupNames(3) })),
  })

  it('are kept apart by a barrier', () => {
    expect(told(decide(progressAfter(plan, { happened: { g1: 'done', g2: 'done', g3: 'began' } }), 10_000))).toBe(
      'begin []',
    )
    const progress = progressAfter(plan, { happened: { g1: 'done', g2: 'done', g3: 'done' } })
    const decision = decide(progress, 10_000)
    expect(decision.type === 'carryOn' && decision.begin.map(({ key }) => key)).toEqual([
      'forward:1:g1',
      'forward:1:g2',
      'forward:1:g3',
    ])
  })

  it('leave out a group that failed in an earlier one', () => {
    const progress = progressAfter(plan, { happened: { g1: 'done', g2: 'failed', g3: 'done' } })
    expect(told(decide(progress, 10_000))).toBe('begin [g1 g3]')
  })

  it('go back one after another, only for groups that began and did not finish', () => {
    const progress = progressAfter(plan, { happened: { g1: 'done', g2: 'failed', g3: 'failed' } })
    write(progress, { type: 'run.returning', data: { reason: 'g2 failed' } })
    expect(told(decide(progress, 10_000))).toBe('begin [g1 g2 g3]')
    happen(progress, 'back:0:g1', 'done')
    happen(progress, 'back:0:g2', 'failed')
    happen(progress, 'back:0:g3', 'began')
    expect(told(decide(progress, 10_000))).toBe('begin []')
    happen(progress, 'back:0:g3', 'done')
    const second = decide(progress, 10_000)
    expect(second.type === 'carryOn' && second.begin.map(({ key }) => key)).toEqual([
      'back:1:g1',
      'back:1:g2',
      'back:1:g3',
    ])
    for (const group of groupNames(3)) happen(progress, changeKey('back', 1, group), 'done')
    expect(told(decide(progress, 10_000))).toBe('failed')
  })
})

describe('unfinishedGroups', () => {
  const phase = { name: 'roll', groups: groupNames(3), waves: [{ groups: '100%' as const }] }

  it('are those whose steps began and whose changes are not all done', () => {
    const progress = progressAfter(syntheticPlan({ phases: [phase] }), { happened: { g1: 'done', g2: 'failed' } })
    expect([...unfinishedGroups(progress)]).toEqual(['g2'])
  })

  it('leave out a group that was found stale before its first step', () => {
    const progress = progressOf(syntheticPlan({ phases: [phase] }))
    write(
      progress,
      { type: 'change.began', data: { change: 'forward:0:g1' } },
      { type: 'change.failed', data: { change: 'forward:0:g1', error } },
    )
    expect([...unfinishedGroups(progress)]).toEqual([])
  })

  it('leave out a group that passed its last safe point', () => {
    const plan = syntheticPlan({ phases: [{ ...phase, steps: 2, finalFrom: 1 }] })
    const progress = progressAfter(plan, { happened: { g1: 'failed', g2: 'failed' } })
    write(progress, { type: 'step.began', data: { step: 'forward:roll:g1/1', attempt: 1 } })
    expect([...unfinishedGroups(progress)]).toEqual(['g2'])
  })

  it('are none once a phase began in which every step is final', () => {
    const plan = syntheticPlan({ phases: [phase, { ...phase, name: 'remove old', finalFrom: 0 }] })
    const progress = progressAfter(plan, { happened: { g1: 'done', g2: 'done', g3: 'done' } })
    expect(unfinishedGroups(progress).size).toBe(3)
    happen(progress, 'forward:1:g2', 'failed')
    expect(unfinishedGroups(progress).size).toBe(0)
  })
})

describe('changesInFlight', () => {
  it('finds what an earlier owner left, forward and back', () => {
    const plan = syntheticPlan({ phases: [SIX], back: [{ ...SIX, name: 'go back' }] })
    const progress = progressAfter(plan, { happened: { g1: 'done', g2: 'began', g5: 'began' } })
    happen(progress, 'back:0:g1', 'began')
    expect(changesInFlight(progress).map(({ key }) => key)).toEqual(['forward:0:g2', 'forward:0:g5', 'back:0:g1'])
  })
})
