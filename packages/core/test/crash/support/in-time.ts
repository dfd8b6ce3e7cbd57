import { setTimeout } from 'node:timers/promises'

/** Far more than any part of a story takes, also on a machine with much to do. */
const PATIENCE_MS = 150_000

export interface InTimeOptions {
  readonly ms?: number
  /** Called when it is too late, before anybody is told. */
  readonly onLate?: () => void
}

/** Waits for a part of a story; one that does not end is named, instead of the test that it is in. */
export async function inTime<T>(label: string, work: Promise<T>, options: InTimeOptions = {}): Promise<T> {
  const { ms = PATIENCE_MS, onLate } = options
  const over = new AbortController()
  const late = setTimeout(ms, undefined, { signal: over.signal }).then(() => {
    const message = `${label}: not at its end after ${ms / 1000} seconds`
    // Printed at once: what has to be closed before anybody catches the error may hang as well.
    console.error(message)
    onLate?.()
    throw new Error(message)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    over.abort()
    await late.catch(() => {})
  }
}
