import * as z from 'zod'
import type { Parser } from '../domain/plain.ts'
import type { Plan } from '../domain/plan.ts'
import { VmunitError } from '../errors/index.ts'
import { hashOf } from './make-plan.ts'
import { isSealOf } from './plan-seal.ts'

const named = z.object({ name: z.string(), version: z.number() })
const phase = z.object({
  name: z.string(),
  changes: z.array(z.looseObject({ group: z.string() })),
  waves: z.array(z.looseObject({})),
})

// Hash and seal prove that the content is what a planner wrote; the shape only guards against what never was a plan.
const planShape: Parser<unknown> = z.looseObject({
  format: z.literal(1),
  operation: named,
  manager: z.string(),
  claims: z.array(z.string()),
  servers: z.array(z.looseObject({ server: z.string() })),
  procedures: z.record(z.string(), z.array(z.looseObject({ id: z.string() }))).optional(),
  phases: z.array(phase),
  back: z.array(phase),
  attempts: z.number(),
  notes: z.array(z.string()),
  warnings: z.array(z.string()),
  hash: z.string(),
  seal: z.string(),
})

/**
 * Checks that a plan, which may have been JSON in between, was made by this manager and is exactly as it was made: rights
 * and claims are asked of what stands in it, so nobody may write it by hand.
 *
 * @throws {@link VmunitError} `ERR_PLAN_EDITED`, `ERR_STORE_FOREIGN` when it is for another manager's fleet.
 */
export function checkPlan<Output>(
  plan: Plan<Output>,
  { manager, key }: { readonly manager: string; readonly key: string },
): Plan<Output> {
  const { hash, seal, estimate, ...content } = plan
  if (!isShaped(plan) || hashOf(content) !== hash || estimate === undefined) {
    throw new VmunitError(
      'ERR_PLAN_EDITED',
      'This is not a plan as it was made: its hash does not fit its content. Plan again.',
      {
        details: { hash },
      },
    )
  }
  if (plan.manager !== manager) {
    throw new VmunitError('ERR_STORE_FOREIGN', `The plan is for manager ${plan.manager}, this one is ${manager}.`, {
      details: { planned: plan.manager, manager },
    })
  }
  if (!isSealOf(seal, hash, key)) {
    throw new VmunitError(
      'ERR_PLAN_EDITED',
      'This plan was not made by this manager: its seal does not fit. Plan again, and start what that gives.',
      { details: { hash } },
    )
  }
  return plan
}

function isShaped(plan: unknown): boolean {
  try {
    planShape.parse(plan)
    return true
  } catch {
    return false
  }
}
