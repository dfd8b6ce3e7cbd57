import type { IncomingHttpHeaders } from 'node:http'
import type { Exchange } from './exchange.ts'
import { readUpdates } from './rewrite.ts'
import { callBody, envelope, faultBody, faultName, type Reference } from './soap.ts'
import type { ViewChange } from './update-filters.ts'
import { type Answer, answerOf, textOfAnswer, type Upstream } from './upstream.ts'
import type { Views } from './views.ts'
import { readWait, type WaitRequest } from './wait-request.ts'

type Updates = ReadonlyMap<string, readonly string[]>

/** What one client gets from one property collector. */
export interface UpdateStream {
  /** Answers a call that waits for updates. */
  wait(exchange: Exchange): Promise<Answer>
  /** Tells the client of changed views, at once if it waits. */
  announce(changes: readonly ViewChange[]): void
  /** Ends the wait in progress. */
  interrupt(): Promise<void>
}

export interface UpdateStreamOptions {
  readonly upstream: Upstream
  readonly views: Views
  /** The collector in vcsim. */
  readonly collector: Reference
  /** Awaited before an answer is looked at: until then it may show what nobody may see yet. */
  settled(): Promise<void>
  /** How the filters of this stream see objects whose views have changed. */
  announcements(changes: readonly ViewChange[]): Promise<Updates>
}

const cancelEveryMs = 20
const unknownVersion = faultBody('InvalidCollectorVersion', 'The version is not known.')

function updateAnswer(method: string, content: string): Answer {
  return answerOf(`<${method}Response xmlns="urn:vim25">${content}</${method}Response>`)
}

function updateSet(version: number, updates: Updates, truncated: boolean): string {
  const sets = [...updates].map(
    ([filter, objects]) => `<filterSet><filter type="PropertyFilter">${filter}</filter>${objects.join('')}</filterSet>`,
  )
  const end = truncated ? '<truncated>true</truncated>' : ''
  return `<returnval><version>${version}</version>${sets.join('')}${end}</returnval>`
}

function merged(first: Updates, second: Updates): Updates {
  const all = new Map(first)
  for (const [filter, sets] of second) all.set(filter, [...(all.get(filter) ?? []), ...sets])
  return all
}

/**
 * A stream with versions of its own.
 *
 * vcsim forgets updates once it has answered them, and goes on answering a client that has gone. vCenter sends again
 * what follows the version that a client asks with, and so does this.
 */
export function createUpdateStream(options: UpdateStreamOptions): UpdateStream {
  const { upstream, views, collector, settled } = options
  const due = new Map<string, ViewChange>()
  let headers: IncomingHttpHeaders = {}
  let version = 0
  /** The last answer, until the client shows that it has it by asking for what follows. */
  let last: Answer | undefined
  let asking: { readonly over: Promise<void>; stop(): void } | undefined

  /** Makes vcsim end a wait: again and again, because a wait that just begins misses the call. */
  const cancelUntil = (over: Promise<void>): void => {
    const body = envelope(callBody('CancelWaitForUpdates', collector, ''))
    const cancel = (): void => {
      upstream
        .send(body, headers)
        .then(textOfAnswer)
        .catch(() => undefined)
    }
    cancel()
    const timer = setInterval(cancel, cancelEveryMs)
    over.then(() => {
      clearInterval(timer)
    }, clearInterval)
  }

  /** Asks vcsim once; answers with the document, and whether it was us who ended the wait. */
  const ask = async (wait: WaitRequest, seconds: number | undefined) => {
    const over = Promise.withResolvers<void>()
    let isStopped = false
    const stop = (): void => {
      // A question that waits for nothing ends by itself.
      if (isStopped || seconds === 0) return
      isStopped = true
      cancelUntil(over.promise)
    }
    asking = { over: over.promise, stop }
    try {
      const maxWait = seconds === undefined ? '' : `<maxWaitSeconds>${seconds}</maxWaitSeconds>`
      const since = `<version>${wait.version === '' ? '' : '-'}</version>`
      const content = `${since}<options>${maxWait}${wait.maxObjects}</options>`
      const answer = await upstream.send(envelope(callBody('WaitForUpdatesEx', collector, content)), headers)
      const xml = await textOfAnswer(answer)
      return { answer, xml, wasStopped: isStopped && faultName(xml) === 'RequestCanceled' }
    } finally {
      asking = undefined
      over.resolve()
    }
  }

  const takeDue = async (): Promise<Updates> => {
    if (due.size === 0) return new Map()
    const changes = [...due.values()]
    due.clear()
    return await options.announcements(changes)
  }

  const nextAnswer = async (wait: WaitRequest, signal: AbortSignal): Promise<Answer> => {
    const deadline = wait.maxWaitMs === undefined ? undefined : performance.now() + wait.maxWaitMs
    for (;;) {
      signal.throwIfAborted()
      // What has changed in vcsim comes before what has changed in our views: an object has to enter first.
      const left = deadline === undefined ? undefined : Math.ceil((deadline - performance.now()) / 1000)
      const { answer, xml, wasStopped } = await ask(wait, due.size > 0 ? 0 : left && Math.max(0, left))
      if (wasStopped && due.size > 0) continue
      if (answer.status !== 200) return { ...answer, body: xml }
      await settled()
      const read = readUpdates(xml, views)
      const truncated = read?.truncated === true
      const isWhole = wait.version !== '' && !truncated
      const updates = merged(read?.filters ?? new Map(), isWhole ? await takeDue() : new Map())
      if (updates.size > 0 || wait.version === '') {
        version += 1
        last = updateAnswer(wait.method, updateSet(version, updates, truncated))
        return last
      }
      if (deadline !== undefined && performance.now() >= deadline) return updateAnswer(wait.method, '')
    }
  }

  return {
    wait: async (exchange) => {
      const wait = readWait(exchange.request)
      // Of two waits on one collector the later one counts.
      while (asking !== undefined) {
        asking.stop()
        await asking.over
      }
      headers = exchange.headers
      if (wait.version === '') due.clear()
      else if (wait.version === String(version - 1) && last !== undefined) return last
      else if (wait.version !== String(version)) return answerOf(unknownVersion, 500)
      const onGone = (): void => asking?.stop()
      exchange.signal.addEventListener('abort', onGone)
      try {
        return await nextAnswer(wait, exchange.signal)
      } finally {
        exchange.signal.removeEventListener('abort', onGone)
      }
    },
    announce: (changes) => {
      for (const change of changes) {
        const key = `${change.reference.type}:${change.reference.value}`
        if (!due.has(key)) due.set(key, change)
      }
      asking?.stop()
    },
    interrupt: async () => {
      const current = asking
      current?.stop()
      await current?.over
    },
  }
}
