import { describe, expect, it } from 'vitest'
import type { Observed } from '../../../src/domain/observed.ts'
import { runStep } from '../../../src/engine/step-runner.ts'
import { RunStopped } from '../../../src/engine/stop-signal.ts'
import { VmunitError } from '../../../src/errors/index.ts'
import type { StepMoment } from '../../../src/ports/index.ts'
import { type Scripted, type StepLab, stepLab, stepOf } from './support/step-lab.ts'

const passing = (message = 'no answer'): VmunitError => new VmunitError('ERR_UNAVAILABLE', message, { retryable: true })

/** Fails with these, one after another, then succeeds. */
function failing(...errors: readonly unknown[]): NonNullable<Scripted['act']> {
  let call = 0
  return async () => {
    const error = errors[call]
    call += 1
    if (error !== undefined) throw error
    return await Promise.resolve({ made: call })
  }
}

/** Answers with these, one after another; the last for ever. */
function answering(...looks: readonly Observed<unknown>[]): NonNullable<Scripted['observe']> {
  let call = 0
  return async () => {
    const look = looks[Math.min(call, looks.length - 1)]
    call += 1
    return await Promise.resolve(look ?? { state: 'absent' })
  }
}

async function ran(
  lab: StepLab,
  more: { attempt?: number; mayBeSkipped?: boolean; input?: Record<string, never> | object } = {},
): Promise<boolean> {
  const { attempt = 1, mayBeSkipped = false, input = {} } = more
  return await runStep(lab.environment, {
    step: stepOf('a', [], input as Record<string, string>),
    group: 'g1',
    attempt,
    mayBeSkipped,
  })
}

describe('a step', () => {
  it('acts without a look in its first attempt, after its intent is durable', async () => {
    const lab = stepLab({ a: { act: failing() } })
    expect(await ran(lab)).toBe(true)
    expect(lab.told).toEqual(['durable', 'act a'])
    expect(lab.types()).toEqual(['step.began', 'step.done'])
    expect(lab.progress.steps.get('a')).toEqual({ state: 'done', attempt: 1, output: { made: 1 } })
  })

  it('bears the operation id of its run, step and attempt', async () => {
    const ids: string[] = []
    const lab = stepLab({ a: { act: async ({ operationId }) => await Promise.resolve(ids.push(operationId)) } })
    await ran(lab, { attempt: 3 })
    expect(ids).toEqual(['run/a#3'])
  })

  it('looks first when an earlier owner began it', async () => {
    const lab = stepLab({ a: { observe: answering({ state: 'done', value: { found: true } }) } })
    lab.environment.writer.write({ type: 'step.began', data: { step: 'a', attempt: 1 } })
    expect(await ran(lab)).toBe(true)
    expect(lab.told).toEqual(['durable', 'look a'])
    expect(lab.types()).toEqual(['step.began', 'step.done'])
    expect(lab.progress.steps.get('a')).toMatchObject({ output: { found: true } })
  })

  it.for<Observed<unknown>>([{ state: 'absent' }, { state: 'partial', detail: 'half' }])(
    'acts after it looked and saw %o',
    async (look) => {
      const lab = stepLab({ a: { observe: answering(look) } })
      lab.environment.writer.write({ type: 'step.began', data: { step: 'a', attempt: 1 } })
      expect(await ran(lab)).toBe(true)
      expect(lab.told).toEqual(['durable', 'look a', 'act a'])
    },
  )

  it('looks after a lost answer, and acts only when it must', async () => {
    const lab = stepLab({ a: { act: failing(passing()), observe: answering({ state: 'done', value: {} }) } })
    expect(await ran(lab)).toBe(true)
    expect(lab.told).toEqual(['durable', 'act a', 'look a'])
    expect(lab.types()).toEqual(['step.began', 'step.retried', 'step.done'])
  })

  it('tries again what may pass, with growing pauses', async () => {
    const lab = stepLab({ a: { act: failing(passing(), passing(), passing()) } })
    expect(await ran(lab)).toBe(true)
    expect(lab.told.filter((told) => told === 'act a')).toHaveLength(4)
    expect(lab.time.now).toBe(100 + 200 + 400)
  })

  it('gives up on what does not pass in time', async () => {
    const lab = stepLab({ a: { act: failing(...Array.from({ length: 500 }, () => passing())) } })
    expect(await ran(lab)).toBe(false)
    expect(lab.time.now).toBeGreaterThanOrEqual(300_000)
    expect(lab.time.now).toBeLessThan(330_000)
    expect(lab.progress.steps.get('a')).toMatchObject({ state: 'failed', error: { code: 'ERR_UNAVAILABLE' } })
  })

  it('finds out what became of it when a lost answer comes after a long act', async () => {
    const lab = stepLab({
      a: {
        act: async ({ sleep }) => {
          await sleep(400_000)
          throw passing()
        },
        observe: answering({ state: 'done', value: {} }),
      },
    })
    expect(await ran(lab)).toBe(true)
    expect(lab.told).toEqual(['durable', 'act a', 'look a'])
  })

  it('gives up on what does not pass in time also when each try takes as long as a connection may', async () => {
    const lab = stepLab({
      a: {
        act: async ({ sleep }) => {
          if (lab.time.now > 3_600_000) throw new Error('tried for ever')
          await sleep(60_000)
          throw passing('no connection within 60 s')
        },
      },
    })
    expect(await ran(lab)).toBe(false)
    expect(lab.time.now).toBeLessThan(500_000)
    expect(lab.progress.steps.get('a')).toMatchObject({ state: 'failed', error: { code: 'ERR_UNAVAILABLE' } })
  })

  it('begins its patience anew after a try that worked for long, as on a line that is cut now and then', async () => {
    let cuts = 0
    const lab = stepLab({
      a: {
        act: async ({ sleep }) => {
          await sleep(1_200_000)
          cuts += 1
          if (cuts < 6) throw passing()
          return {}
        },
      },
    })
    expect(await ran(lab)).toBe(true)
    expect(cuts).toBe(6)
  })

  it.for<readonly [string, unknown, string]>([
    ['an error that does not pass', new VmunitError('ERR_NOT_OWNED', 'not ours'), 'ERR_NOT_OWNED'],
    ['a foreign error', new Error('boom'), 'ERR_DRIVER'],
    ['something that is no error', 'boom', 'ERR_DRIVER'],
  ])('fails at once with %s', async ([, error, code]) => {
    const lab = stepLab({ a: { act: failing(error) } })
    expect(await ran(lab)).toBe(false)
    expect(lab.told).toEqual(['durable', 'act a'])
    expect(lab.types()).toEqual(['step.began', 'step.failed'])
    expect(lab.progress.steps.get('a')).toMatchObject({ state: 'failed', error: { code } })
  })

  it.for(['busy', 'unknown'] as const)(
    'waits while a look says %s, and acts only after it says otherwise',
    async (state) => {
      const undecided = { state, detail: 'the host does not answer' }
      const lab = stepLab({
        a: { act: failing(passing()), observe: answering(undecided, undecided, { state: 'absent' }) },
      })
      expect(await ran(lab)).toBe(true)
      expect(lab.told).toEqual(['durable', 'act a', 'look a', 'look a', 'look a', 'act a'])
    },
  )

  it.for(['busy', 'unknown'] as const)(
    'is given to a person when it stays %s too long; nothing is done again',
    async (state) => {
      const lab = stepLab({ a: { observe: answering({ state, detail: 'host 3 does not answer' }) } })
      lab.environment.writer.write({ type: 'step.began', data: { step: 'a', attempt: 1 } })
      expect(await ran(lab)).toBe(false)
      expect(lab.told).not.toContain('act a')
      expect(lab.time.now).toBeGreaterThan(1_800_000)
      const known = lab.progress.steps.get('a')
      expect(known).toMatchObject({ state: 'failed', error: { code: 'ERR_UNKNOWN_STATE' } })
      expect(known?.state === 'failed' && known.error.message).toContain('host 3 does not answer')
    },
  )

  it('fails when a look says that it can never succeed', async () => {
    const observe = async (): Promise<never> => {
      await Promise.resolve()
      throw new VmunitError('ERR_JOB_UNKNOWN', 'it left no exit code')
    }
    const lab = stepLab({ a: { observe } })
    lab.environment.writer.write({ type: 'step.began', data: { step: 'a', attempt: 1 } })
    expect(await ran(lab)).toBe(false)
    expect(lab.told).toEqual(['durable', 'look a'])
  })

  it('is not done twice', async () => {
    const lab = stepLab({})
    await ran(lab)
    expect(await ran(lab)).toBe(true)
    expect(lab.told).toEqual(['durable', 'act a'])
  })

  it('stays failed', async () => {
    const lab = stepLab({ a: { act: failing(new Error('boom')) } })
    await ran(lab)
    expect(await ran(lab)).toBe(false)
    expect(lab.told).toEqual(['durable', 'act a'])
  })

  it('leaves no record when the run stops while it waits: whoever resumes looks', async () => {
    const lab = stepLab({ a: { act: failing(passing(), passing()) } })
    const stopped = new RunStopped('pause', 'close', 'test')
    const looks = lab.environment.kindOf(stepOf('a'))
    const environment = {
      ...lab.environment,
      kindOf: () => ({
        ...looks,
        async observe() {
          lab.stop(stopped)
          return await Promise.resolve({ state: 'busy', detail: 'at it' } as const)
        },
      }),
    }
    await expect(
      runStep(environment, { step: stepOf('a'), group: 'g1', attempt: 1, mayBeSkipped: false }),
    ).rejects.toBe(stopped)
    expect(lab.types()).toEqual(['step.began', 'step.retried'])
    expect(lab.progress.steps.get('a')).toEqual({ state: 'began', attempt: 1 })
  })

  it('does not begin when the run has stopped', async () => {
    const lab = stepLab({})
    lab.stop(new RunStopped('cancel', 'enough', 'test'))
    await expect(ran(lab)).rejects.toThrow('enough')
    expect(lab.written).toEqual([])
    expect(lab.told).toEqual([])
  })

  it('rejects, without a record, when the lease was lost', async () => {
    const lab = stepLab({ a: { act: failing(new VmunitError('ERR_LEASE_LOST', 'gone')) } })
    await expect(ran(lab)).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    expect(lab.types()).toEqual(['step.began'])
  })

  it('gets the outputs of the steps before it', async () => {
    const lab = stepLab({})
    lab.environment.writer.write({ type: 'step.done', data: { step: 'create', attempt: 1, output: { id: 'vm-7' } } })
    await ran(lab, { input: { machine: { $output: { step: 'create', field: 'id' } } } })
    expect(lab.told).toEqual(['durable', 'act a {"machine":"vm-7"}'])
  })

  it('is skipped on the way back when what it needs never came to be', async () => {
    const lab = stepLab({})
    const input = { machine: { $output: { step: 'create', field: 'id' } } }
    expect(await ran(lab, { input, mayBeSkipped: true })).toBe(true)
    expect(lab.types()).toEqual(['step.skipped'])
    expect(lab.told).toEqual([])
    expect(await ran(lab, { input, mayBeSkipped: true })).toBe(true)
    expect(lab.types()).toEqual(['step.skipped'])
  })

  it('writes its documents with the record of each moment', async () => {
    const moments: StepMoment<unknown>[] = []
    const records: NonNullable<Scripted['records']> = (_input, moment, { operationId }) => {
      moments.push(moment)
      return [{ key: `${moment.type} ${operationId}`, update: () => null }]
    }
    const good = stepLab({ a: { act: failing(), records } })
    await ran(good)
    const bad = stepLab({ a: { act: failing(new VmunitError('ERR_NOT_OWNED', 'not ours')), records } })
    await ran(bad)
    expect(moments).toEqual([
      { type: 'began' },
      { type: 'done', output: { made: 1 } },
      { type: 'began' },
      { type: 'failed', code: 'ERR_NOT_OWNED', message: 'not ours' },
    ])
    const keys = [...good.written, ...bad.written].map(({ record, updates }) => `${record.type}: ${updates[0]?.key}`)
    expect(keys).toEqual([
      'step.began: began run/a#1',
      'step.done: done run/a#1',
      'step.began: began run/a#1',
      'step.failed: failed run/a#1',
    ])
  })
})
