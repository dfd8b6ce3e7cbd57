import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Whose turn it is at vcsim: those who change something, many at once, or those who look for what has changed.
 *
 * Who looks sees no change half done, neither a task that has ended without the machine that it made.
 */
export interface Turns {
  /** Does work that changes something. Work inside of such work needs no turn of its own. */
  change<T>(work: () => Promise<T>): Promise<T>
  /** Looks for what has changed. */
  look<T>(work: () => Promise<T>): Promise<T>
  /** Something shows differently now, without a change in vcsim. */
  touch(): void
  /** How often something has been changed so far. */
  changes(): number
  /** Tells when something has been changed; answers with the way to stop that. */
  onChange(listener: () => void): () => void
}

type Side = 'change' | 'look'

export function createTurns(): Turns {
  const inside = new AsyncLocalStorage<{ isInside: boolean }>()
  const listeners = new Set<() => void>()
  let waiting: { readonly side: Side; enter(): void }[] = []
  let side: Side = 'change'
  let busy = 0
  let changed = 0

  const enter = async (wanted: Side): Promise<void> => {
    // Who comes later does not overtake the other side, or it would never get its turn.
    if (busy === 0 || (side === wanted && waiting.length === 0)) {
      side = wanted
      busy += 1
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.push({ side: wanted, enter: resolve })
    await promise
  }

  const leave = (): void => {
    busy -= 1
    const first = waiting[0]
    if (busy > 0 || first === undefined) return
    side = first.side
    const next = waiting.filter((one) => one.side === side)
    waiting = waiting.filter((one) => one.side !== side)
    busy = next.length
    for (const one of next) one.enter()
  }

  const touch = (): void => {
    changed += 1
    for (const listener of listeners) listener()
  }

  return {
    touch,
    change: async (work) => {
      if (inside.getStore()?.isInside === true) return await work()
      await enter('change')
      const place = { isInside: true }
      try {
        return await inside.run(place, work)
      } finally {
        place.isInside = false
        leave()
        touch()
      }
    },
    look: async (work) => {
      await enter('look')
      try {
        return await work()
      } finally {
        leave()
      }
    },
    changes: () => changed,
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
