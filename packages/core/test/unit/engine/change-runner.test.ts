import { describe, expect, it } from 'vitest'
import type { ExpectedFact, PlannedStep } from '../../../src/domain/plan.ts'
import type { ChangeKey } from '../../../src/domain/run-record.ts'
import { runChange } from '../../../src/engine/change-runner.ts'
import type { ScheduledChange } from '../../../src/engine/progress.ts'
import { RunStopped } from '../../../src/engine/stop-signal.ts'
import { VmunitError } from '../../../src/errors/index.ts'
import { type StepLab, stepLab, stepOf } from './support/step-lab.ts'

function changeOf(
  steps: readonly PlannedStep[],
  key: ChangeKey = 'forward:0:g1',
  expects: readonly ExpectedFact[] = [],
): ScheduledChange {
  return { key, change: { group: 'g1', action: 'replace', reason: 'a test', disturbs: true, expects, steps } }
}

const DIAMOND = [stepOf('a'), stepOf('b', ['a']), stepOf('c', ['a']), stepOf('d', ['b', 'c']), stepOf('alone')]

const acts = ({ told }: StepLab): readonly string[] =>
  told.filter((one) => one.startsWith('act ')).map((one) => one.slice(4))
const boom = async (): Promise<never> => await Promise.reject(new VmunitError('ERR_COMMAND_FAILED', 'boom'))

describe('a change', () => {
  it('begins each step as soon as those it needs are done', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const lab = stepLab({ b: { act: () => promise } })
    const running = runChange(lab.environment, changeOf(DIAMOND))
    await expect.poll(() => acts(lab)).toEqual(['a', 'alone', 'b', 'c'])
    resolve()
    await running
    expect(acts(lab)).toEqual(['a', 'alone', 'b', 'c', 'd'])
    expect(lab.types().at(0)).toBe('change.began')
    expect(lab.types().at(-1)).toBe('change.done')
  })

  it('does not begin what needs a failed step, lets everything else come to its end, and has failed', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const lab = stepLab({ b: { act: boom }, c: { act: () => promise } })
    const running = runChange(lab.environment, changeOf(DIAMOND))
    await expect.poll(() => lab.types()).toContain('step.failed')
    expect(lab.types()).not.toContain('change.failed')
    resolve()
    await running
    expect(acts(lab)).not.toContain('d')
    expect(lab.progress.steps.get('c')?.state).toBe('done')
    expect(lab.progress.changes.get('forward:0:g1')).toMatchObject({
      state: 'failed',
      error: { code: 'ERR_COMMAND_FAILED', message: 'b: boom', details: { step: 'b', server: 'g1/web/0' } },
    })
  })

  it('finishes the other lanes when a step of one fails', async () => {
    const lab = stepLab({ b: { act: boom } })
    await runChange(lab.environment, changeOf([...DIAMOND, stepOf('next', ['alone']), stepOf('after d', ['d'])]))
    expect(acts(lab).toSorted()).toEqual(['a', 'alone', 'b', 'c', 'next'])
    expect(lab.progress.changes.get('forward:0:g1')?.state).toBe('failed')
  })

  it('goes on after a failure on the way back: as much as possible is put back', async () => {
    const lab = stepLab({ a: { act: boom } })
    await runChange(lab.environment, changeOf(DIAMOND, 'back:0:g1'))
    expect(acts(lab)).toEqual(['a', 'alone', 'b', 'c', 'd'])
    expect(lab.progress.changes.get('back:0:g1')).toMatchObject({ state: 'failed', error: { message: 'a: boom' } })
  })

  it('leaves out on the way back what was never made, and puts back the rest', async () => {
    const lab = stepLab({})
    const quarantine = stepOf('quarantine', [], { machine: { $output: { step: 'create', field: 'id' } } })
    await runChange(lab.environment, changeOf([quarantine, stepOf('start old', ['quarantine'])], 'back:0:g1'))
    expect(acts(lab)).toEqual(['start old'])
    expect(lab.progress.changes.get('back:0:g1')?.state).toBe('done')
  })

  it('carries on where an earlier owner stopped: what is done stays done, what began is looked at', async () => {
    const lab = stepLab({})
    const { writer } = lab.environment
    writer.write({ type: 'change.began', data: { change: 'forward:0:g1' } })
    writer.write({ type: 'step.done', data: { step: 'a', attempt: 1, output: {} } })
    writer.write({ type: 'step.began', data: { step: 'b', attempt: 1 } })
    await runChange(lab.environment, changeOf(DIAMOND))
    expect(lab.told.filter((one) => one !== 'durable').toSorted()).toEqual([
      'act alone',
      'act b',
      'act c',
      'act d',
      'look b',
    ])
    expect(lab.types().filter((type) => type === 'change.began')).toHaveLength(1)
  })

  it('rejects, and has neither ended nor failed, when the run stops; what is in flight ends first', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const lab = stepLab({ a: { act: () => promise } })
    const stopped = new RunStopped('pause', 'close', 'test')
    const running = runChange(lab.environment, changeOf([stepOf('a'), stepOf('b', ['a'])]))
    await expect.poll(() => acts(lab)).toEqual(['a'])
    lab.stop(stopped)
    resolve()
    await expect(running).rejects.toBe(stopped)
    expect(lab.progress.steps.get('a')?.state).toBe('done')
    expect(lab.progress.steps.has('b')).toBe(false)
    expect(lab.progress.changes.get('forward:0:g1')?.state).toBe('began')
  })

  it.each(['done', 'failed', 'stopped'])(
    'lets the connections of its group rest when it is %s, and not before',
    async (how) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const lab = stepLab({
        b: { act: how === 'failed' ? boom : async () => await Promise.resolve() },
        c: { act: () => promise },
      })
      const rested: string[] = []
      const environment = { ...lab.environment, atRest: (group: string) => void rested.push(group) }
      const running = runChange(environment, changeOf(DIAMOND)).catch(() => {})
      await expect.poll(() => acts(lab)).toContain('c')
      if (how === 'stopped') lab.stop(new RunStopped('pause', 'a test', 'user_a'))
      expect(rested).toEqual([])
      resolve()
      await running
      expect(rested).toEqual(['g1'])
    },
  )

  it('is in flight from the moment it is begun, before anything is awaited', () => {
    const lab = stepLab({})
    runChange(lab.environment, changeOf(DIAMOND)).catch(() => {})
    expect(lab.progress.changes.get('forward:0:g1')?.state).toBe('began')
  })

  it('is done when there is nothing to do', async () => {
    const lab = stepLab({})
    await runChange(lab.environment, changeOf([]))
    expect(lab.types()).toEqual(['change.began', 'change.done'])
  })

  describe('that relies on facts', () => {
    const fact: ExpectedFact = { unit: 'gyoumu_a', server: 'g1/web/0', fact: 'attached', value: true }

    it('is found stale before its first step, and does nothing', async () => {
      const lab = stepLab({})
      const store = { get: async (keys: readonly string[]) => await Promise.resolve(keys.map(() => undefined)) }
      const environment = { ...lab.environment, facts: { ...lab.environment.facts, store: store as never } }
      await runChange(environment, changeOf(DIAMOND, 'forward:0:g1', [fact]))
      expect(acts(lab)).toEqual([])
      expect(lab.progress.changes.get('forward:0:g1')).toMatchObject({
        state: 'failed',
        error: { code: 'ERR_PLAN_STALE' },
      })
    })

    it('waits for a hypervisor that does not answer, and fails when it stays away', async () => {
      const lab = stepLab({})
      const store = {
        get: async () => await Promise.reject(new VmunitError('ERR_UNAVAILABLE', 'away', { retryable: true })),
      }
      const environment = { ...lab.environment, facts: { ...lab.environment.facts, store: store as never } }
      await runChange(environment, changeOf(DIAMOND, 'forward:0:g1', [fact]))
      expect(lab.time.now).toBeGreaterThanOrEqual(300_000)
      expect(lab.progress.changes.get('forward:0:g1')).toMatchObject({ error: { code: 'ERR_UNAVAILABLE' } })
    })

    it('is not asked again once a step has begun', async () => {
      const lab = stepLab({})
      lab.environment.writer.write({ type: 'change.began', data: { change: 'forward:0:g1' } })
      lab.environment.writer.write({ type: 'step.began', data: { step: 'a', attempt: 1 } })
      await runChange(lab.environment, changeOf(DIAMOND, 'forward:0:g1', [fact]))
      expect(lab.progress.changes.get('forward:0:g1')?.state).toBe('done')
    })
  })
})
