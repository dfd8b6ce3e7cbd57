/** How many operations vCenter does at once, and how many it was asked for. */
export interface Limits {
  /** Takes a place for an operation; undefined when there is none. Give it back when the operation has ended. */
  enter(host: string | undefined): (() => void) | undefined
  set(limits: { readonly operations?: number | undefined; readonly perHost?: number | undefined }): void
  /** The most that ever ran at once: on the whole, and by host. */
  peaks(): { readonly operations: number; readonly hosts: Readonly<Record<string, number>> }
  reset(): void
}

/** What a vCenter does at once before it queues. */
const usualOperations = 640

export function createLimits(): Limits {
  let most = usualOperations
  let mostPerHost = Number.POSITIVE_INFINITY
  let now = 0
  let peak = 0
  const byHost = new Map<string, number>()
  const peakByHost = new Map<string, number>()
  return {
    enter: (host) => {
      const onHost = host === undefined ? 0 : (byHost.get(host) ?? 0)
      if (now >= most || onHost >= mostPerHost) return undefined
      now += 1
      peak = Math.max(peak, now)
      if (host !== undefined) {
        byHost.set(host, onHost + 1)
        peakByHost.set(host, Math.max(peakByHost.get(host) ?? 0, onHost + 1))
      }
      let isLeft = false
      return () => {
        if (isLeft) return
        isLeft = true
        now -= 1
        if (host !== undefined) byHost.set(host, (byHost.get(host) ?? 1) - 1)
      }
    },
    set: ({ operations, perHost }) => {
      most = operations ?? most
      mostPerHost = perHost ?? mostPerHost
    },
    peaks: () => ({ operations: peak, hosts: Object.fromEntries(peakByHost) }),
    reset: () => {
      most = usualOperations
      mostPerHost = Number.POSITIVE_INFINITY
      peak = now
      peakByHost.clear()
    },
  }
}
