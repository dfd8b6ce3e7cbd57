import { setTimeout as delay } from 'node:timers/promises'

/** Looks again and again until what is seen is accepted; fails after a while. */
export async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean, limitMs = 15_000): Promise<T> {
  const limit = performance.now() + limitMs
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (performance.now() > limit) throw new Error(`still ${JSON.stringify(seen)} after ${limitMs} ms`)
    await delay(20)
  }
}
