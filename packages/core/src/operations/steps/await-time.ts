import * as z from 'zod'
import type { StepContext, StepKind } from '../../ports/index.ts'
import { nothing } from './schemas.ts'

export interface AwaitTimeInput {
  /** Milliseconds since 1970, by the store's clock. */
  readonly time: number
}

const input = z.object({ time: z.number() })

/** Waits until a time, without a lease and without a process. */
export const awaitTime: StepKind<AwaitTimeInput, Record<string, never>> = {
  name: 'time.until',
  version: 1,
  input,
  output: nothing,
  observe: async (step, context) =>
    (await isReached(step, context)) ? { state: 'done', value: {} } : { state: 'partial', detail: 'it is too early' },
  async act(step, context) {
    if (await isReached(step, context)) return {}
    return await context.park({ for: `the time ${new Date(step.time).toISOString()}`, until: step.time })
  },
}

async function isReached({ time }: AwaitTimeInput, context: StepContext): Promise<boolean> {
  return (await context.answer()).time >= time
}
