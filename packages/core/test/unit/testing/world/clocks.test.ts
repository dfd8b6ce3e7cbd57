import { describe, expect, it } from 'vitest'
import { manualClock, virtualClock } from '../../../../src/testing/index.ts'

describe('manualClock', () => {
  it('wakes each sleeper at its own moment, also one that falls asleep on the way', async () => {
    const clock = manualClock(100)
    const woken: (readonly [string, number])[] = []
    const late = clock.sleep(50).then(() => woken.push(['late', clock.now()]))
    const early = clock.sleep(10).then(async () => {
      await clock.sleep(20)
      woken.push(['early', clock.now()])
    })
    await clock.advance(49)
    expect(woken).toEqual([['early', 130]])
    await clock.advance(1)
    await Promise.all([late, early])
    expect(woken).toEqual([
      ['early', 130],
      ['late', 150],
    ])
  })

  it('rejects an aborted sleep with the reason', async () => {
    const clock = manualClock()
    const stop = new AbortController()
    const sleeping = expect(clock.sleep(5, { signal: stop.signal })).rejects.toBe('why')
    stop.abort('why')
    await sleeping
    await expect(clock.sleep(5, { signal: stop.signal })).rejects.toBe('why')
  })
})

describe('virtualClock', () => {
  it('lets hours pass in order as soon as nobody works', async () => {
    const clock = virtualClock()
    const woken: number[] = []
    const began = performance.now()
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        for (let round = 0; round < 5; round += 1) await clock.sleep(3_600_000 * ((index % 7) + 1))
        woken.push(clock.now())
      }),
    )
    expect(clock.now()).toBe(35 * 3_600_000)
    expect(woken).toEqual(woken.toSorted((a, b) => a - b))
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  it('forgets a sleep that was aborted', async () => {
    const clock = virtualClock()
    const stop = new AbortController()
    const sleeping = expect(clock.sleep(3_600_000, { signal: stop.signal })).rejects.toBe('why')
    stop.abort('why')
    await sleeping
    await clock.sleep(10)
    expect(clock.now()).toBe(10)
  })
})
