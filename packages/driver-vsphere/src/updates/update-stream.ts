import { isVmunitError, VmunitError } from '../errors.ts'
import { faultOf } from '../faults/fault-error.ts'
import { abortable } from '../internal/abortable.ts'
import { pause } from '../internal/pause.ts'
import type { Reference } from '../properties/reference.ts'
import type { Session } from '../session/session.ts'
import { createTempo } from './tempo.ts'
import type { UpdateSet } from './update-set.ts'
import { createWatchList, lookAtTasks, type WatchList } from './watch-list.ts'
import { createWatches, type Waiter, type Watched } from './watches.ts'

/** Waits for many things at once, by one pending call. */
export interface UpdateStream {
  /** Runs what begins a task; those that begin together are put on the list of the server together. */
  begin<T>(work: () => Promise<T>): Promise<T>
  /**
   * Resolves to what `check` makes of the object, as soon as that is not undefined; rejects with what `check` throws.
   * Survives broken connections and lost sessions for as long as the stream was told to.
   */
  until<T>(reference: Reference, check: (seen: Watched) => T | undefined, signal?: AbortSignal): Promise<T>
  close(): Promise<void>
}

/** Where a stream gets its news, and how long it puts up with getting none. */
export interface UpdateStreamOptions {
  readonly session: Session
  /** How long the endpoint may be away before everybody who waits is told so. */
  readonly outageMs: number
}

const WAIT_SECONDS = 20
const RETRY_MS = { first: 100, max: 2_000 }

/** One stream of updates for an endpoint. It asks only while somebody waits. */
export function createUpdateStream({ session, outageMs }: UpdateStreamOptions): UpdateStream {
  const watches = createWatches()
  const tempo = createTempo()
  const stop = new AbortController()
  let round = new AbortController()
  let current: WatchList | undefined
  let running: Promise<void> | undefined
  let holding: Promise<void> = Promise.resolve()
  let gathering: Promise<void> | undefined
  let endGathering = (): void => {}
  let isAsking = false
  let isDue = false

  /** Puts on the list of the server what is awaited; one call at a time, each with all that came meanwhile. */
  function hold(list: WatchList): Promise<void> {
    const turn = holding.then(async () => {
      for (const update of await list.hold(watches.all())) watches.tell(update)
    })
    holding = turn.catch(() => {})
    return turn
  }

  function flush(): void {
    // Between two questions, what is awaited is put on the list before the next one.
    isDue = !isAsking
    if (current === undefined || isDue) return
    // What cannot be put on this list is put on the next one.
    hold(current).catch((error: unknown) => round.abort(error))
  }

  /** Lets what is begun and what ends gather: until nobody begins anything more, or as long as it is worth while. */
  function gather(): Promise<void> {
    gathering ??= quietMoment().finally(() => {
      gathering = undefined
    })
    return gathering
  }

  async function quietMoment(): Promise<void> {
    const begun = performance.now()
    const { promise, resolve } = Promise.withResolvers<void>()
    let isOver = false
    endGathering = () => {
      isOver = true
      resolve()
    }
    // How long it is worth while grows with the time that the slowest beginning takes.
    for (;;) {
      const left = begun + tempo.gatherMs(watches.size()) - performance.now()
      if (isOver || left <= 0) return
      const timer = Promise.withResolvers<void>()
      const timeout = setTimeout(timer.resolve, left)
      await Promise.race([promise, timer.promise])
      clearTimeout(timeout)
    }
  }
  tempo.onQuiet(() => endGathering())

  async function open(): Promise<WatchList> {
    if (current?.collector.generation === session.generation()) return current
    await giveUp()
    current = await createWatchList(session, stop.signal)
    return current
  }

  async function giveUp(): Promise<void> {
    const broken = current
    current = undefined
    await broken?.drop()
  }

  /** Tells what is new; says whether more of it is there at once. */
  async function next(isMore: boolean): Promise<boolean> {
    const signal = AbortSignal.any([stop.signal, round.signal])
    if (!isMore) await gather()
    const list = await open()
    do {
      isDue = false
      await hold(list)
    } while (isDue)
    const set = await ask(list, signal)
    for (const update of set?.updates ?? []) watches.tell(update)
    for (const update of await lookAtTasks(session, watches.silent(), signal)) watches.tell(update)
    return set?.isTruncated === true
  }

  async function ask(list: WatchList, signal: AbortSignal): Promise<UpdateSet | undefined> {
    isAsking = true
    try {
      return await list.collector.next(WAIT_SECONDS, signal)
    } finally {
      isAsking = false
    }
  }

  async function follow(): Promise<void> {
    let brokenSince: number | undefined
    let isMore = false
    for (let wait = RETRY_MS.first; watches.size() > 0; ) {
      round = new AbortController()
      try {
        isMore = await next(isMore)
        brokenSince = undefined
        wait = RETRY_MS.first
      } catch (error) {
        if (stop.signal.aborted) return
        brokenSince ??= performance.now()
        if (!mayPass(error) || performance.now() - brokenSince > outageMs) {
          watches.rejectAll(error)
          return
        }
        isMore = false
        await pause(wait, stop.signal).catch(() => {})
        await giveUp()
        wait = Math.min(wait * 2, RETRY_MS.max)
      }
    }
  }

  function start(): void {
    if (watches.size() === 0 || stop.signal.aborted) return
    running ??= follow().finally(() => {
      running = undefined
      // Somebody may have begun to wait in the moment when it ended; those who were told are gone by then.
      setImmediate(start)
    })
    running.catch(() => {})
  }

  return {
    begin: tempo.begin,
    async until(reference, check, signal) {
      signal?.throwIfAborted()
      stop.signal.throwIfAborted()
      const { waiter, promise } = waiterFor(check)
      watches.add(reference, waiter)
      gather().then(flush, () => {})
      start()
      try {
        return await abortable(promise, signal)
      } finally {
        watches.remove(reference, waiter)
      }
    },
    async close() {
      const error = new VmunitError('ERR_CLOSED', 'The vSphere driver was closed while something was awaited.')
      stop.abort(error)
      endGathering()
      watches.rejectAll(error)
      await running?.catch(() => {})
    },
  }
}

function waiterFor<T>(check: (seen: Watched) => T | undefined): { waiter: Waiter; promise: Promise<T> } {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const waiter: Waiter = {
    reject,
    check(seen) {
      try {
        const result = check(seen)
        if (result !== undefined) resolve(result)
      } catch (error) {
        reject(error)
      }
    },
  }
  return { waiter, promise }
}

/** What passes when the stream begins anew: a broken connection, a lost session, a collector that the server forgot. */
function mayPass(error: unknown): boolean {
  const names = ['InvalidCollectorVersion', 'ManagedObjectNotFound', 'RequestCanceled', 'NotAuthenticated'] as const
  return (isVmunitError(error) && error.retryable) || faultOf(error, ...names) !== undefined
}
