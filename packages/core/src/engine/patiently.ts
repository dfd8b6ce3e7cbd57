import { isVmunitError } from '../errors/index.ts'
import { backoff, type Timing } from './timing.ts'

/** How long a look that fails for the moment is repeated, and by which clock. */
export interface Patience {
  readonly timing: Pick<Timing, 'pollMs' | 'retryForMs'>
  readonly now: () => number
  /** Rejects when there is no more time for anything. */
  readonly sleep: (ms: number) => Promise<void>
  /** Ends the repeating; undefined: nothing does. */
  readonly stop: AbortSignal | undefined
  /** Told why it is repeated. */
  readonly onDelay?: ((error: Error) => void) | undefined
}

/** Repeats a look as long as what is in its way may pass, as the steps of a run do; then rejects with that. */
export async function patiently<T>(
  { timing, now, sleep, stop, onDelay }: Patience,
  look: () => Promise<T>,
): Promise<T> {
  const began = now()
  for (let tries = 1; ; tries += 1) {
    try {
      return await look()
    } catch (error) {
      const mayPass = isVmunitError(error) && error.retryable && now() - began < timing.retryForMs
      if (stop?.aborted || !mayPass) throw error
      onDelay?.(error)
    }
    await sleep(backoff(tries, 100, timing.pollMs))
  }
}
