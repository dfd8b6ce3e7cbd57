import { setTimeout as sleep } from 'node:timers/promises'

/** Options of {@link waitUntil}. */
export interface WaitUntilOptions {
  readonly signal?: AbortSignal | undefined
  /** What is waited for, as it stands in the error: "guest vm-1 to boot". */
  readonly what: string
  /** Default 30 seconds. */
  readonly timeoutMs?: number | undefined
  /** Default 10. */
  readonly everyMs?: number | undefined
}

/** Asks until the answer is not undefined; rejects when that takes too long. */
export async function waitUntil<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  options: WaitUntilOptions,
): Promise<T> {
  const { signal, what, timeoutMs = 30_000, everyMs = 10 } = options
  const end = performance.now() + timeoutMs
  for (;;) {
    signal?.throwIfAborted()
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms for ${what}.`)
    await sleep(everyMs, undefined, { signal }).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : error
    })
  }
}
