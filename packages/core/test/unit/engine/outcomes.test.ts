import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../src/domain/plan.ts'
import { stepsOf } from '../../../src/domain/planned-steps.ts'
import { QUARANTINE_KIND } from '../../../src/engine/failed-machines.ts'
import { outcomesOf } from '../../../src/engine/outcomes.ts'
import { applyRecord, changeKey, type Progress } from '../../../src/engine/progress.ts'
import { resolveOutputs } from '../../../src/engine/resolve-outputs.ts'
import { groupNames, progressOf, syntheticPlan } from './support/synthetic-plan.ts'

const error = { code: 'ERR_DRIVER', message: 'it broke', details: {} } as const
const two = syntheticPlan({
  phases: ['stop', 'start'].map((name) => ({ name, groups: groupNames(2) })),
  back: [{ name: 'go back', groups: groupNames(2) }],
})

function after(plan: Plan, changes: readonly (readonly [number, string, 'began' | 'done' | 'failed'])[]): Progress {
  const progress = progressOf(plan)
  for (const [phase, group, state] of changes) {
    const change = changeKey('forward', phase, group)
    applyRecord(progress, { type: 'change.began', data: { change }, time: 0 })
    if (state === 'done') applyRecord(progress, { type: 'change.done', data: { change }, time: 0 })
    if (state === 'failed') applyRecord(progress, { type: 'change.failed', data: { change, error }, time: 0 })
  }
  return progress
}

const statusOf = (progress: Progress): readonly string[] => outcomesOf(progress).map(({ status }) => status)

describe('outcomes', () => {
  it.for<readonly [string, readonly (readonly [number, string, 'began' | 'done' | 'failed'])[], string]>([
    ['nothing', [], 'notStarted'],
    ['the first phase only', [[0, 'g1', 'done']], 'failed'],
    [
      'both phases',
      [
        [0, 'g1', 'done'],
        [1, 'g1', 'done'],
      ],
      'changed',
    ],
    ['a failure at first', [[0, 'g1', 'failed']], 'failed'],
    [
      'a failure at last',
      [
        [0, 'g1', 'done'],
        [1, 'g1', 'failed'],
      ],
      'failed',
    ],
    ['a beginning', [[0, 'g1', 'began']], 'failed'],
  ])('after %s', ([, changes, expected]) => {
    expect(statusOf(after(two, changes))).toEqual([expected, 'notStarted'])
  })

  it('say of an unchanged server that it is unchanged, whatever happens to its group', () => {
    const [first, second] = two.servers
    const servers = [{ ...first!, action: 'none' as const }, second!]
    expect(statusOf(after({ ...two, servers }, [[0, 'g1', 'failed']]))).toEqual(['unchanged', 'notStarted'])
  })

  it.each([
    ['changed', false],
    ['failed', true],
  ] as const)(
    'say of a server that has all its steps and whose group failed: %s (put back: %s)',
    (expected, isPutBack) => {
      const phases = two.phases.map((phase) => ({
        ...phase,
        changes: phase.changes.map((change) => ({ ...change, action: 'stop' as const })),
      }))
      const progress = after({ ...two, phases }, [
        [0, 'g1', 'done'],
        [1, 'g1', 'failed'],
      ])
      const steps = phases.flatMap(({ changes }) => changes.flatMap((change) => stepsOf(two, change)))
      for (const { id: step, server } of steps) {
        if (server?.startsWith('g1/') !== true) continue
        applyRecord(progress, { type: 'step.done', data: { step, attempt: 1, output: {} }, time: 0 })
      }
      const change = changeKey('back', 0, 'g1')
      if (isPutBack) applyRecord(progress, { type: 'change.began', data: { change }, time: 0 })
      expect(statusOf(progress)).toEqual([expected, 'notStarted'])
    },
  )

  it('tell apart the servers whose machines were put into quarantine', () => {
    const back = two.back.map((phase) => ({
      ...phase,
      changes: phase.changes.map((change) => ({
        ...change,
        steps: stepsOf(two, change).map((step) => ({ ...step, kind: { name: QUARANTINE_KIND, version: 1 } })),
      })),
    }))
    const progress = after({ ...two, back }, [
      [0, 'g1', 'failed'],
      [0, 'g2', 'failed'],
    ])
    for (const group of ['g1', 'g2']) {
      applyRecord(progress, { type: 'change.began', data: { change: changeKey('back', 0, group) }, time: 0 })
    }
    applyRecord(progress, { type: 'step.done', data: { step: 'back:go back:g1/0', attempt: 1, output: {} }, time: 0 })
    applyRecord(progress, { type: 'step.skipped', data: { step: 'back:go back:g2/0', attempt: 1 }, time: 0 })
    expect(statusOf(progress)).toEqual(['quarantined', 'failed'])
  })
})

describe('resolveOutputs', () => {
  const progress = progressOf(two)
  applyRecord(progress, {
    type: 'step.done',
    data: { step: 'create', attempt: 1, output: { id: 'vm-1', nested: { a: [1] } } },
    time: 0,
  })
  applyRecord(progress, { type: 'step.began', data: { step: 'begun', attempt: 1 }, time: 0 })
  const ref = (step: string, field: string) => ({ $output: { step, field } })

  it('puts outputs in their places, however deep, and leaves the rest alone', () => {
    const input = {
      machine: ref('create', 'id'),
      list: [ref('create', 'nested'), null, 1, 'x', true, { a: undefined }],
    }
    expect(resolveOutputs(input, progress)).toEqual({
      input: { machine: 'vm-1', list: [{ a: [1] }, null, 1, 'x', true, { a: undefined }] },
    })
    expect(resolveOutputs(null, progress)).toEqual({ input: null })
  })

  it.for(['never', 'begun'])('has nothing when step %s has no output', (step) => {
    expect(resolveOutputs({ a: [ref(step, 'id')], b: ref('create', 'id') }, progress)).toBeUndefined()
  })

  it('does not change the planned input', () => {
    const input = Object.freeze({ machine: Object.freeze(ref('create', 'id')) })
    resolveOutputs(input, progress)
    expect(input.machine).toEqual(ref('create', 'id'))
  })
})
