import type { Call, LimitCost } from '../ports/index.ts'

export interface Limiter {
  /** Runs `work` when everything it costs is free, in the order of asking, and frees it afterwards. */
  run<T>(costs: readonly LimitCost[], work: () => Promise<T>, call?: Call): Promise<T>
}

interface Waiter {
  readonly costs: readonly LimitCost[]
  readonly begin: () => void
}

/** Keeps every resource of a hypervisor within its capacity, over all runs of a manager. */
export function createLimiter(): Limiter {
  const used = new Map<string, number>()
  const waiters = new Set<Waiter>()
  /** How many wait for a resource: when all that are asked for are taken, nobody further behind need be looked at. */
  const asked = new Map<string, number>()

  // An action that alone costs more than the capacity may run when nothing else does, or it would wait for ever.
  const fits = (costs: readonly LimitCost[]): boolean =>
    costs.every(({ resource, units, capacity }) => {
      const inUse = used.get(resource) ?? 0
      return inUse === 0 || inUse + units <= capacity
    })
  const add = (costs: readonly LimitCost[], sign: 1 | -1): void => {
    for (const { resource, units } of costs) used.set(resource, (used.get(resource) ?? 0) + sign * units)
  }
  const queue = (waiter: Waiter): void => {
    waiters.add(waiter)
    for (const { resource } of waiter.costs) asked.set(resource, (asked.get(resource) ?? 0) + 1)
  }
  const leave = (waiter: Waiter): void => {
    if (!waiters.delete(waiter)) return
    for (const { resource } of waiter.costs) {
      const others = (asked.get(resource) ?? 0) - 1
      if (others === 0) asked.delete(resource)
      else asked.set(resource, others)
    }
  }
  const admit = (): void => {
    const blocked = new Set<string>()
    for (const waiter of waiters) {
      if (blocked.size === asked.size) return
      const isBehind = waiter.costs.some(({ resource }) => blocked.has(resource))
      if (!isBehind && fits(waiter.costs)) {
        leave(waiter)
        add(waiter.costs, 1)
        waiter.begin()
      } else {
        for (const { resource } of waiter.costs) blocked.add(resource)
      }
    }
  }

  /** Resolves when the costs are taken; a signal that aborts before takes the waiter out of the queue. */
  async function enter(costs: readonly LimitCost[], { signal }: Call): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = { costs, begin: resolve }
    queue(waiter)
    admit()
    if (!waiters.has(waiter)) return
    const onAbort = (): void => {
      leave(waiter)
      reject(signal?.reason)
      // Those that it held back may fit now.
      admit()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  return {
    async run(costs, work, call = {}) {
      call.signal?.throwIfAborted()
      if (costs.length > 0) await enter(costs, call)
      try {
        return await work()
      } finally {
        add(costs, -1)
        admit()
      }
    },
  }
}
