import type { Exchange } from './exchange.ts'
import type { PropertyFilter } from './property-filter.ts'
import { faultBody } from './soap.ts'
import type { Turns } from './turns.ts'
import { type Answer, answerOf } from './upstream.ts'
import { readWait, type WaitRequest } from './wait-request.ts'

/** What one client gets from one property collector. */
export interface UpdateStream {
  /** Answers a call that waits for updates. */
  wait(exchange: Exchange): Promise<Answer>
  addFilter(filter: PropertyFilter): void
  removeFilter(id: string): void
  /** Ends the wait in progress with `RequestCanceled`. */
  cancel(): void
}

export interface UpdateStreamOptions {
  readonly turns: Turns
  /** Awaited before vcsim is asked: until then it may show what nobody may see yet. */
  settled(): Promise<void>
}

/** A wait of a client. */
interface Wait {
  isCanceled: boolean
  wake(): void
  readonly over: Promise<void>
}

/** One `objectSet` element, and the filter through which it is seen. */
interface Update {
  readonly filter: string
  readonly xml: string
}

/** As many objects vCenter tells in one answer when it is not asked for fewer. */
const usualPage = 100
const unknownVersion = faultBody('InvalidCollectorVersion', 'The version is not known.')
const requestCanceled = faultBody('RequestCanceled', 'The request was canceled by a user.')

function updateAnswer(method: string, content: string): Answer {
  return answerOf(`<${method}Response xmlns="urn:vim25">${content}</${method}Response>`)
}

function updateSet(version: number, updates: readonly Update[], truncated: boolean): string {
  const sets = [...Map.groupBy(updates, ({ filter }) => filter)].map(([filter, ofFilter]) => {
    const objects = ofFilter.map(({ xml }) => xml).join('')
    return `<filterSet><filter type="PropertyFilter">${filter}</filter>${objects}</filterSet>`
  })
  const end = truncated ? '<truncated>true</truncated>' : ''
  return `<returnval><version>${version}</version>${sets.join('')}${end}</returnval>`
}

/**
 * A stream that tells what is new to its client, by comparing what the client has seen with what there is to see.
 *
 * vcsim has streams of its own, but it forgets updates once it has answered them, whether the client got the answer
 * or not, tells changes to one session only, and locks itself up when it collects what somebody changes.
 * Everything that changes passes the testbed, so that it knows when to look.
 */
export function createUpdateStream({ turns, settled }: UpdateStreamOptions): UpdateStream {
  const filters = new Map<string, PropertyFilter>()
  let version = 0
  /** The last answer, until the client shows that it has it by asking for what follows. */
  let last: Answer | undefined
  /** What did not fit on the last page. */
  let backlog: readonly Update[] = []
  let waiting: Wait | undefined
  /** The change after which this stream has looked. */
  let lookedAt = -1

  /** Looks once through all filters; answers with what is new, or with the fault that ends the session. */
  const look = async (exchange: Exchange): Promise<readonly Update[] | Answer> => {
    const updates: Update[] = []
    for (const filter of filters.values()) {
      const news = await filter.look(exchange.headers)
      if ('status' in news) return news
      updates.push(...news.map((xml) => ({ filter: filter.id, xml })))
    }
    return updates
  }

  const page = (request: WaitRequest, updates: readonly Update[]): Answer => {
    const size = request.maxObjects ?? usualPage
    backlog = updates.slice(size)
    version += 1
    last = updateAnswer(request.method, updateSet(version, updates.slice(0, size), backlog.length > 0))
    return last
  }

  const next = async (exchange: Exchange, request: WaitRequest): Promise<Answer | undefined> => {
    if (backlog.length > 0) return page(request, backlog)
    await settled()
    lookedAt = turns.changes()
    const found = await turns.look(async () => await look(exchange))
    if ('status' in found) return found
    return found.length > 0 || request.version === '' ? page(request, found) : undefined
  }

  /** Resolves when something may be there to tell, or when the wait is over. */
  const news = async (wait: Wait, deadline: number | undefined): Promise<void> => {
    if (lookedAt !== turns.changes() || wait.isCanceled) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const stop = turns.onChange(resolve)
    const timer = deadline === undefined ? undefined : setTimeout(resolve, Math.max(0, deadline - performance.now()))
    wait.wake = resolve
    await promise
    clearTimeout(timer)
    stop()
  }

  const answerWhenNews = async (exchange: Exchange, request: WaitRequest, wait: Wait): Promise<Answer> => {
    const deadline = request.maxWaitMs === undefined ? undefined : performance.now() + request.maxWaitMs
    for (;;) {
      exchange.signal.throwIfAborted()
      if (wait.isCanceled) return answerOf(requestCanceled, 500)
      const answer = await next(exchange, request)
      if (answer !== undefined) return answer
      if (deadline !== undefined && performance.now() >= deadline) return updateAnswer(request.method, '')
      await news(wait, deadline)
    }
  }

  const cancel = (): void => {
    if (waiting === undefined) return
    waiting.isCanceled = true
    waiting.wake()
  }

  return {
    wait: async (exchange) => {
      const request = readWait(exchange.request)
      // Of two waits on one collector the later one counts.
      while (waiting !== undefined) {
        cancel()
        await waiting.over
      }
      if (request.version === '') {
        backlog = []
        for (const filter of filters.values()) filter.forget()
      } else if (request.version === String(version - 1) && last !== undefined) return last
      else if (request.version !== String(version)) return answerOf(unknownVersion, 500)
      const over = Promise.withResolvers<void>()
      const wait: Wait = { isCanceled: false, wake: () => undefined, over: over.promise }
      const onGone = (): void => {
        wait.wake()
      }
      waiting = wait
      exchange.signal.addEventListener('abort', onGone)
      try {
        return await answerWhenNews(exchange, request, wait)
      } finally {
        exchange.signal.removeEventListener('abort', onGone)
        waiting = undefined
        over.resolve()
      }
    },
    addFilter: (filter) => {
      filters.set(filter.id, filter)
    },
    removeFilter: (id) => {
      filters.delete(id)
      backlog = backlog.filter(({ filter }) => filter !== id)
    },
    cancel,
  }
}
