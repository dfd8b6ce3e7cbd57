import type { StepKind } from '@vmunit/core'

/** Something outside of vmunit that is to know what happens: here the operations department's log book. */
export interface LogBook {
  has(key: string): boolean
  write(key: string, text: string): void
  lines(): readonly string[]
}

export function createLogBook(): LogBook {
  const entries = new Map<string, string>()
  return {
    has: (key) => entries.has(key),
    write: (key, text) => void entries.set(key, text),
    lines: () => [...entries.values()],
  }
}

/** The planned input of {@link noteIn}. */
export interface Note {
  readonly text: string
}

/**
 * Writes a line into the log book, once: the operation id, which exists only once in all time, is the key of the entry.
 *
 * `observe` is asked after a crash or a lost answer whether the line is there; only if it is absent does `act` follow.
 */
export function noteIn(logBook: LogBook): StepKind<Note, object> {
  return {
    name: 'example.note',
    version: 1,
    input: { parse: (value) => value as Note },
    output: { parse: (value) => value as object },
    observe: async (_note, { operationId }) =>
      logBook.has(operationId) ? { state: 'done', value: {} } : { state: 'absent' },
    act: async ({ text }, { operationId }) => {
      logBook.write(operationId, text)
      return {}
    },
  }
}
