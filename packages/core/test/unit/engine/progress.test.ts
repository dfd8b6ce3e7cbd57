import { describe, expect, it } from 'vitest'
import type { RunRecord } from '../../../src/domain/run-record.ts'
import { applyRecord, beginProgress, changeKey, groupOfChange, type Progress } from '../../../src/engine/progress.ts'
import { groupNames, progressOf, syntheticPlan } from './support/synthetic-plan.ts'

const plan = syntheticPlan({
  phases: [{ name: 'roll', groups: groupNames(2) }],
  back: [{ name: 'go back', groups: groupNames(2) }],
})
const error = { code: 'ERR_JOB_UNKNOWN', message: 'lost', details: {} } as const

function after(...records: readonly RunRecord[]): Progress {
  const progress = progressOf(plan)
  for (const [index, record] of records.entries()) applyRecord(progress, { ...record, time: 100 + index })
  return progress
}

describe('the fold over a journal', () => {
  it('begins with the plan, and counts from there', () => {
    expect(after()).toMatchObject({ runId: 'run', plan, state: 'running', nextSeq: 2, approval: false })
    expect(after({ type: 'run.owned', data: { owner: 'host 1' } }).nextSeq).toBe(3)
  })

  it('refuses a journal that begins with something else', () => {
    const first = { type: 'run.paused', data: { reason: '' }, time: 0 } as const
    expect(() => beginProgress('run', first)).toThrowError(expect.objectContaining({ code: 'ERR_STORE_DAMAGED' }))
  })

  it.for<readonly [RunRecord, Partial<Progress>]>([
    [{ type: 'run.paused', data: { reason: 'close' } }, { state: 'paused' }],
    [
      { type: 'run.waiting', data: { for: 'x', request: 'r' } },
      { state: 'waiting', waiting: { for: 'x', request: 'r' } },
    ],
    [
      { type: 'run.returning', data: { reason: 'g1 failed' } },
      { state: 'running', returning: 'g1 failed' },
    ],
    [{ type: 'run.succeeded', data: {} }, { state: 'succeeded' }],
    [
      { type: 'run.failed', data: { error } },
      { state: 'failed', error },
    ],
    [
      { type: 'run.cancelled', data: { reason: 'enough', by: 'user_b', halfDone: ['g1/web/0'] } },
      {
        state: 'cancelled',
        halfDone: ['g1/web/0'],
        error: { code: 'ERR_CANCELLED', message: 'enough', details: { by: 'user_b' } },
      },
    ],
  ])('knows %o', ([record, expected]) => {
    expect(after(record)).toMatchObject(expected)
  })

  it('is running again, and waits for nothing, when somebody owns it', () => {
    const progress = after(
      { type: 'run.waiting', data: { for: 'x', until: 5 } },
      { type: 'run.owned', data: { owner: 'host 1' } },
    )
    expect(progress).toMatchObject({ state: 'running', waiting: undefined })
  })

  it('keeps the time of a change and the output of a step', () => {
    const progress = after(
      { type: 'change.began', data: { change: 'forward:0:g1' } },
      { type: 'step.began', data: { step: 's', attempt: 1 } },
      { type: 'step.done', data: { step: 's', attempt: 1, output: { id: 'vm-1' } } },
      { type: 'change.done', data: { change: 'forward:0:g1' } },
    )
    expect(progress.changes.get('forward:0:g1')).toEqual({ state: 'done', at: 103 })
    expect(progress.steps.get('s')).toEqual({ state: 'done', attempt: 1, output: { id: 'vm-1' } })
  })

  it('forgets what a renewed group did, and nothing of the others', () => {
    const steps = ['forward:roll:g1/0', 'forward:roll:g2/0', 'back:go back:g1/0']
    const progress = after(
      ...steps.map((step): RunRecord => ({ type: 'step.began', data: { step, attempt: 1 } })),
      { type: 'change.failed', data: { change: 'forward:0:g1', error } },
      { type: 'change.done', data: { change: 'forward:0:g2' } },
      { type: 'run.returning', data: { reason: 'g1 failed' } },
      { type: 'change.done', data: { change: 'back:0:g1' } },
      { type: 'group.renewed', data: { group: 'g1', attempt: 2 } },
    )
    expect([...progress.steps.keys()]).toEqual(['forward:roll:g2/0'])
    expect([...progress.changes.keys()]).toEqual(['forward:0:g2'])
    expect(progress.returning).toBeUndefined()
    expect([...progress.attempts]).toEqual([['g1', 2]])
  })

  it('refuses a record that it does not know', () => {
    const foreign = { type: 'run.danced', data: {}, time: 0 } as unknown as RunRecord & { readonly time: number }
    expect(() => applyRecord(progressOf(plan), foreign)).toThrowError('run.danced')
  })

  it('reads a group back out of its change, colons and all', () => {
    expect(groupOfChange(changeKey('back', 12, 'a:b'))).toBe('a:b')
  })
})
