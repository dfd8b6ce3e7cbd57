import type { Random } from '@vmunit/testbed/seeded-random'

/** Lets others go first, now and then: a turn of the event loop, or up to three milliseconds. */
export function jitter(random: Random): () => Promise<void> {
  return async () => {
    if (!random.chance(0.5)) return
    const ms = random.below(4)
    await new Promise<void>((resolve) => {
      if (ms === 0) setImmediate(resolve)
      else setTimeout(resolve, ms)
    })
  }
}
