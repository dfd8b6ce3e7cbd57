import { VmunitError } from '../errors.ts'
import type { SendOptions } from '../transport/transport.ts'

/** What may end a wait early. */
export interface Bounds extends SendOptions {
  /** Aborts when the transport is closed. */
  readonly closed: AbortSignal
  /** What is waited for, for the message of a passed time limit. */
  readonly what: string
}

/** Settles like `promise` or, at once, by the first bound that is reached; leaves no listener and no timer. */
export async function within<T>(promise: Promise<T>, { signal, timeoutMs, closed, what }: Bounds): Promise<T> {
  const bound = Promise.withResolvers<never>()
  const onAbort = (): void => bound.reject(signal?.reason)
  const onClosed = (): void => bound.reject(closed.reason)
  const timer = setTimeout(() => {
    const message = `${what} did not end within ${timeoutMs} ms. See whether vCenter answers at all, or allow more time.`
    bound.reject(new VmunitError('ERR_TIMEOUT', message, { retryable: true }))
  }, timeoutMs)
  signal?.addEventListener('abort', onAbort, { once: true })
  closed.addEventListener('abort', onClosed, { once: true })
  if (signal?.aborted === true) onAbort()
  if (closed.aborted) onClosed()
  try {
    return await Promise.race([bound.promise, promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    closed.removeEventListener('abort', onClosed)
    promise.catch(() => {})
  }
}
