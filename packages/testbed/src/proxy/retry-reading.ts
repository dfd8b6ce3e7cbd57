import { setTimeout } from 'node:timers/promises'
import { isMutating } from './methods.ts'

const attempts = 5
const pauseMs = 10

/**
 * Asks vcsim again when it has broken a call off that only reads.
 *
 * 0.24 panics over a machine that is just being made, and drops the connection.
 */
export async function retryReading<T>(method: string, send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send()
    } catch (error) {
      signal?.throwIfAborted()
      const isBroken = error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
      if (!isBroken || isMutating(method) || method.startsWith('Wait') || attempt === attempts) throw error
      await setTimeout(pauseMs)
    }
  }
}
