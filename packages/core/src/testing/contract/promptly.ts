import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { type Lab, SLOW_MS } from './contract-rule.ts'

/** Settles as `promise` does, or fails when that takes longer than the lab calls slow. */
export async function promptly<T>(lab: Lab, promise: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = delay(lab.slowMs ?? SLOW_MS, undefined, { signal: timer.signal }).then(
    () => assert.fail(`did not settle within ${lab.slowMs ?? SLOW_MS} ms`),
    () => promise,
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
    late.catch(() => {})
  }
}

/** Looks again and again until `holds` accepts what `look` sees; fails when that takes longer than the lab calls slow. */
export async function eventually<T>(lab: Lab, look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  const limit = performance.now() + (lab.slowMs ?? SLOW_MS)
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (performance.now() > limit) {
      assert.fail(`still ${JSON.stringify(seen)} after ${lab.slowMs ?? SLOW_MS} ms: ${holds.toString()}`)
    }
    await delay(10)
  }
}
