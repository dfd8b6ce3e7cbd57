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
  let waiters: readonly Waiter[] = []

  // An action that alone costs more than the capacity may run when nothing else does, or it would wait for ever.
  const fits = (costs: readonly LimitCost[]): boolean =>
    costs.every(({ resource, units, capacity }) => {
      const inUse = used.get(resource) ?? 0
      return inUse === 0 || inUse + units <= capacity
    })
  const add = (costs: readonly LimitCost[], sign: 1 | -1): void => {
    for (const { resource, units } of costs) used.set(resource, (used.get(resource) ?? 0) + sign * units)
  }
  const admit = (): void => {
    const blocked = new Set<string>()
    const stay: Waiter[] = []
    for (const waiter of waiters) {
      const isBehind = waiter.costs.some(({ resource }) => blocked.has(resource))
      if (!isBehind && fits(waiter.costs)) {
        add(waiter.costs, 1)
        waiter.begin()
      } else {
        for (const { resource } of waiter.costs) blocked.add(resource)
        stay.push(waiter)
      }
    }
    waiters = stay
  }

  return {
    async run(costs, work, call = {}) {
      call.signal?.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiter: Waiter = { costs, begin: resolve }
      const onAbort = (): void => {
        waiters = waiters.filter((other) => other !== waiter)
        reject(call.signal?.reason)
        // Those that it held back may fit now.
        admit()
      }
      call.signal?.addEventListener('abort', onAbort, { once: true })
      waiters = [...waiters, waiter]
      admit()
      try {
        await promise
      } finally {
        call.signal?.removeEventListener('abort', onAbort)
      }
      try {
        return await work()
      } finally {
        add(costs, -1)
        admit()
      }
    },
  }
}
