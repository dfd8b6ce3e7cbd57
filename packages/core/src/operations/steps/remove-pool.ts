import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'

export interface RemovePoolInput {
  readonly balancer: string
  readonly pool: string
}

export interface RemovedPool {
  /** False for a pool that still has members, which others put in. */
  readonly removed: boolean
}

const input = z.object({ balancer: z.string(), pool: z.string() })

const output = z.object({ removed: z.boolean() })

/** Removes a pool that nobody is in any more; one with members is somebody else's and stays. */
export const removePool: StepKind<RemovePoolInput, RemovedPool> = {
  name: 'balancer.removePool',
  version: 1,
  input,
  output,
  // No look tells a pool without members from none, and removing none is success.
  observe: async () => ({ state: 'partial', detail: 'may still be there' }),
  async act({ balancer: name, pool }, context) {
    const balancer = context.balancer(name)
    if ((await balancer.members(pool, context)).length > 0) return { removed: false }
    await balancer.removePool(pool, context)
    return { removed: true }
  },
}
