import type { Reference } from './soap.ts'

/** One call that a client made, as the proxy saw it. */
export interface Call {
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly method: string
  readonly target: Reference | undefined
  readonly userAgent: string | undefined
  /** The `operationID` of the SOAP header. */
  readonly operationId: string | undefined
  /** A hash of the session cookie: tells sessions apart and gives none away. */
  readonly session: string | undefined
  readonly mutating: boolean
  /** `ok`, the name of a fault, `http 503`, or what was done to it: `reset`, `lost` (done, but not answered), `aborted`. */
  readonly outcome: string
  /** The machine that a mutating call changes; of a clone, its source. */
  readonly machine: string | undefined
  /** The machine that a clone or a creation made. */
  readonly created: string | undefined
  readonly task: string | undefined
  readonly durationMs: number
}

export interface CallFilter {
  /** Only calls after this mark, see `CallLog.mark`. */
  readonly since?: number | undefined
  readonly method?: string | RegExp | undefined
  readonly mutating?: boolean | undefined
  readonly userAgent?: RegExp | undefined
}

/** What a call turns out to be while it is handled. */
export type CallNews = Partial<Pick<Call, 'outcome' | 'machine' | 'created' | 'task'>>

/** A call that is not answered yet. */
export interface OpenCall {
  readonly seq: number
  note(news: CallNews): void
  end(news?: CallNews): void
}

export interface CallLog {
  /** Calls in the order in which they came, those not answered yet with the outcome `open`. */
  calls(filter?: CallFilter): readonly Call[]
  count(filter?: CallFilter): number
  /** How often each method was called. */
  counts(filter?: CallFilter): Readonly<Record<string, number>>
  /** A place in the log, to be given as `since` later. */
  mark(): number
  /** Tells of every call when it begins and again when it has its outcome; answers with the way to stop that. */
  onCall(listener: (call: Call) => void): () => void
}

function matches(call: Call, filter: CallFilter): boolean {
  const { since, method, mutating, userAgent } = filter
  if (since !== undefined && call.seq <= since) return false
  if (typeof method === 'string' && call.method !== method) return false
  if (method instanceof RegExp && !method.test(call.method)) return false
  if (userAgent !== undefined && !userAgent.test(call.userAgent ?? '')) return false
  return mutating === undefined || call.mutating === mutating
}

type NewCall = Omit<Call, 'seq' | 'time' | 'outcome' | 'created' | 'task' | 'durationMs'>

export function createCallLog(): CallLog & { begin(call: NewCall): OpenCall } {
  const all: Call[] = []
  const listeners = new Set<(call: Call) => void>()
  const calls = (filter: CallFilter = {}): readonly Call[] => all.filter((call) => matches(call, filter))

  const begin = (call: NewCall): OpenCall => {
    const seq = all.length + 1
    const startedAt = performance.now()
    let current: Call = {
      ...call,
      seq,
      time: Date.now(),
      outcome: 'open',
      created: undefined,
      task: undefined,
      durationMs: 0,
    }
    const change = (news: CallNews): void => {
      current = { ...current, ...news, durationMs: performance.now() - startedAt }
      all[seq - 1] = current
    }
    const tell = (): void => {
      for (const listener of listeners) listener(current)
    }
    all.push(current)
    tell()
    return {
      seq,
      note: change,
      end: (news = {}) => {
        if (current.outcome === 'open') change({ outcome: 'ok', ...news })
        tell()
      },
    }
  }

  return {
    begin,
    calls,
    count: (filter) => calls(filter).length,
    counts: (filter) => {
      const counts: Record<string, number> = {}
      for (const { method } of calls(filter)) counts[method] = (counts[method] ?? 0) + 1
      return counts
    },
    mark: () => all.length,
    onCall: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
