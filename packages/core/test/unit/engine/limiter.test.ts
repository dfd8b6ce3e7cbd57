import { setImmediate } from 'node:timers/promises'
import { randomOf } from '@vmunit/testbed/seeded-random'
import { describe, expect, it } from 'vitest'
import { createLimiter, type Limiter } from '../../../src/engine/limiter.ts'

/** Work that lasts until it is told to end. */
function heldWork(
  limiter: Limiter,
  units: number,
  more: { capacity?: number; resource?: string; signal?: AbortSignal } = {},
) {
  const { capacity = 4, resource = 'host', signal } = more
  const { promise, resolve } = Promise.withResolvers<void>()
  const work = { begun: false, end: resolve, done: Promise.resolve() }
  work.done = limiter.run(
    [{ resource, units, capacity }],
    async () => {
      work.begun = true
      await promise
    },
    { signal },
  )
  work.done.catch(() => {})
  return work
}

describe('the limiter', () => {
  it('lets in what fits, and the next when there is room again', async () => {
    const limiter = createLimiter()
    const [a, b, c] = [heldWork(limiter, 3), heldWork(limiter, 1), heldWork(limiter, 2)]
    await setImmediate()
    expect([a.begun, b.begun, c.begun]).toEqual([true, true, false])
    a.end()
    await setImmediate()
    expect(c.begun).toBe(true)
  })

  it('is fair: a small one does not overtake a big one that came first', async () => {
    const limiter = createLimiter()
    const [running, big, small] = [heldWork(limiter, 3), heldWork(limiter, 4), heldWork(limiter, 1)]
    await setImmediate()
    expect([running.begun, big.begun, small.begun]).toEqual([true, false, false])
    running.end()
    await setImmediate()
    expect([big.begun, small.begun]).toEqual([true, false])
    big.end()
    await setImmediate()
    expect(small.begun).toBe(true)
  })

  it('holds nobody back who wants something else', async () => {
    const limiter = createLimiter()
    heldWork(limiter, 4)
    heldWork(limiter, 1)
    const other = heldWork(limiter, 1, { resource: 'datastore' })
    await setImmediate()
    expect(other.begun).toBe(true)
  })

  it('lets in what alone is more than the capacity, when nothing else is at work', async () => {
    const limiter = createLimiter()
    const running = heldWork(limiter, 1)
    const huge = heldWork(limiter, 9)
    const next = heldWork(limiter, 1)
    await setImmediate()
    expect(huge.begun).toBe(false)
    running.end()
    await setImmediate()
    expect([huge.begun, next.begun]).toEqual([true, false])
  })

  it('gives back what failed work occupied, and passes the failure on', async () => {
    const limiter = createLimiter()
    const costs = [{ resource: 'host', units: 4, capacity: 4 }]
    await expect(limiter.run(costs, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    await expect(limiter.run(costs, async () => await Promise.resolve('next'))).resolves.toBe('next')
  })

  it('forgets a waiter that was aborted, and lets in those it held back', async () => {
    const limiter = createLimiter()
    const controller = new AbortController()
    const running = heldWork(limiter, 3)
    const aborted = heldWork(limiter, 4, { signal: controller.signal })
    const small = heldWork(limiter, 1)
    controller.abort(new Error('enough'))
    await expect(aborted.done).rejects.toThrow('enough')
    expect(aborted.begun).toBe(false)
    await setImmediate()
    expect(small.begun).toBe(true)
    running.end()
  })

  it('refuses at once when the signal was aborted before', async () => {
    const work = heldWork(createLimiter(), 1, { signal: AbortSignal.abort(new Error('before')) })
    await expect(work.done).rejects.toThrow('before')
    expect(work.begun).toBe(false)
  })

  it('never exceeds a capacity and forgets nobody, in 1,000 seeded schedules', async () => {
    for (let seed = 1; seed <= 1_000; seed += 1) {
      const random = randomOf(seed)
      const limiter = createLimiter()
      const capacity = { host: random.int(1, 8), datastore: random.int(1, 8) }
      const used = { host: 0, datastore: 0 }
      let begun = 0
      const count = random.int(2, 12)
      const works = Array.from({ length: count }, async () => {
        const resources = random.pick([['host'], ['datastore'], ['host', 'datastore']] as const)
        const costs = resources.map((resource) => ({
          resource,
          units: random.int(1, capacity[resource]),
          capacity: capacity[resource],
        }))
        const controller = new AbortController()
        const turns = random.int(0, 3)
        if (random.chance(0.1)) queueMicrotask(() => controller.abort(new Error('aborted')))
        const work = async (): Promise<void> => {
          begun += 1
          for (const { resource, units } of costs) {
            used[resource] += units
            if (used[resource] > capacity[resource])
              throw new Error(`seed ${seed}: ${resource} holds ${used[resource]}`)
          }
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
          for (const { resource, units } of costs) used[resource] -= units
        }
        try {
          await limiter.run(costs, work, { signal: controller.signal })
        } catch (error) {
          if (!(error instanceof Error && error.message === 'aborted')) throw error
          begun += 1
        }
      })
      await Promise.all(works)
      expect(begun, `seed ${seed}`).toBe(count)
    }
  })
})
