import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { type RunStatus, VmunitError } from '@vmunit/core'
import { manualClock } from '@vmunit/core/testing'
import { describe, expect, it } from 'vitest'
import { createBell } from '../../../src/engine/bell.ts'
import { untilState } from '../../../src/engine/until-state.ts'
import type { StateStore } from '../../../src/ports/index.ts'
import { refusal } from '../../support/refusal.ts'

const POLL_MS = 100

/** A run whose state the test sets, and what a watch of it does. */
function createWatched(first: RunStatus) {
  const clock = manualClock()
  const bell = createBell()
  const givenUp = Promise.withResolvers<never>()
  givenUp.promise.catch(() => {})
  const seen = { status: first, looks: 0, sleepers: 0 }
  const sleep: typeof clock.sleep = async (ms, call) => {
    seen.sleepers += 1
    try {
      await clock.sleep(ms, call)
    } finally {
      seen.sleepers -= 1
    }
  }
  const watch = {
    runId: 'run',
    // The looks are all that is asked of the store.
    sources: { store: {} as StateStore, clock: { ...clock, sleep }, bell, pollMs: POLL_MS },
    look: async () => {
      seen.looks += 1
      return seen.status
    },
    failure: () => givenUp.promise,
  }
  return { clock, bell, seen, watch, giveUp: givenUp.reject }
}

const WAITING: RunStatus = { state: 'waiting', waitingFor: 'an answer', request: 'run/gate' }

describe('untilState', () => {
  it('looks once when the run stands there already, and leaves nothing behind', async () => {
    const { watch, seen } = createWatched(WAITING)
    expect(await untilState(watch, 'waiting', {})).toBe(WAITING)
    expect(seen).toMatchObject({ looks: 1, sleepers: 0 })
  })

  it.each(['waiting', 'paused'] as const)('waits until a run that is %s has no owner any more', async (state) => {
    const { watch, seen, bell } = createWatched({ state, owner: 'host 1' })
    const found = untilState(watch, state, {})
    await setImmediate()
    expect(seen).toMatchObject({ looks: 1, sleepers: 1 })
    seen.status = { state }
    bell.ring()
    expect(await found).toEqual({ state })
  })

  it('a run that is moved has an owner', async () => {
    const running: RunStatus = { state: 'running', owner: 'host 1' }
    expect(await untilState(createWatched(running).watch, 'running', {})).toBe(running)
  })

  it('looks again at once when this process has written, and otherwise no more often than it polls', async () => {
    const { watch, seen, clock, bell } = createWatched({ state: 'running' })
    const found = untilState(watch, 'waiting', {})
    await clock.advance(3 * POLL_MS - 1)
    expect(seen).toMatchObject({ looks: 3, sleepers: 1 })
    bell.ring()
    await setImmediate()
    expect(seen).toMatchObject({ looks: 4, sleepers: 1 })
    seen.status = WAITING
    bell.ring()
    expect(await found).toBe(WAITING)
    expect(seen).toMatchObject({ looks: 5, sleepers: 0 })
  })

  it('sees what another process has written without being told', async () => {
    const { watch, seen, clock } = createWatched({ state: 'running' })
    const found = untilState(watch, 'waiting', {})
    await clock.advance(1)
    seen.status = WAITING
    await clock.advance(POLL_MS)
    expect(await found).toBe(WAITING)
  })

  it.each(['succeeded', 'failed', 'cancelled'] as const)('says that the run has %s meanwhile', async (state) => {
    const { watch, seen, bell } = createWatched({ state: 'running' })
    const refused = refusal(untilState(watch, 'waiting', {}))
    seen.status = { state }
    bell.ring()
    const error = await refused
    expect(error.code).toBe('ERR_WRONG_STATE')
    expect(error.details).toEqual({ runId: 'run', state })
    expect(error.message).toContain(`has ended (${state}) and will not be waiting`)
    expect(seen.sleepers).toBe(0)
  })

  it('is patient as long as it is told, and no shorter or longer', async () => {
    const { watch, seen, clock } = createWatched({ state: 'running', waitingFor: 'a job' })
    let error: VmunitError | undefined
    const refused = refusal(untilState(watch, 'waiting', { timeoutMs: 250 })).then((found) => (error = found))
    await clock.advance(249)
    expect(error).toBeUndefined()
    await clock.advance(1)
    await refused
    expect(error?.code).toBe('ERR_TIMEOUT')
    expect(error?.message).toContain('within 250 ms; it is running, waits for a job')
    expect(seen).toMatchObject({ looks: 4, sleepers: 0 })
  })

  it('looks once when it has no time', async () => {
    const { watch, seen } = createWatched({ state: 'running' })
    expect((await refusal(untilState(watch, 'waiting', { timeoutMs: 0 }))).code).toBe('ERR_TIMEOUT')
    expect(seen).toMatchObject({ looks: 1, sleepers: 0 })
  })

  it('ends with the reason of its signal, and takes its listeners with it', async () => {
    const { watch, seen, clock } = createWatched({ state: 'running' })
    const stop = new AbortController()
    const found = untilState(watch, 'waiting', { signal: stop.signal })
    const reason = new Error('enough')
    await clock.advance(1)
    stop.abort(reason)
    await expect(found).rejects.toBe(reason)
    await expect(untilState(watch, 'waiting', { signal: stop.signal })).rejects.toBe(reason)
    expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    expect(seen).toMatchObject({ looks: 1, sleepers: 0 })
  })

  it('takes its listeners with it when the state is there', async () => {
    const { watch, seen, bell } = createWatched({ state: 'running' })
    const { signal } = new AbortController()
    const found = untilState(watch, 'waiting', { signal })
    await setImmediate()
    seen.status = WAITING
    bell.ring()
    await found
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('rejects when this process gives the run up, unless that is what it waited for', async () => {
    const paused = new VmunitError('ERR_PAUSED', 'Run run is paused at a safe point.')
    const one = createWatched({ state: 'running' })
    const refused = refusal(untilState(one.watch, 'waiting', {}))
    one.seen.status = { state: 'paused' }
    one.giveUp(paused)
    expect(await refused).toBe(paused)
    expect(one.seen.sleepers).toBe(0)

    const other = createWatched({ state: 'running' })
    const found = untilState(other.watch, 'paused', {})
    await setImmediate()
    other.seen.status = { state: 'paused' }
    other.giveUp(paused)
    expect(await found).toEqual({ state: 'paused' })
    expect(other.seen.sleepers).toBe(0)
  })
})
