import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'
import type { Operation } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { planMark } from './plan-mark.ts'
import { recordMark } from './record-mark.ts'

export interface MarkInput {
  readonly unit: string
  readonly group: string
  /** What is known of the fault, at most 1,024 characters: `調査中`. */
  readonly comment?: string | undefined
}

const input = z.strictObject({
  unit: schemas.name,
  group: schemas.name,
  comment: z
    .string()
    .max(1024)
    .refine((text) => !/\p{Cc}/u.test(text), 'must be one line of text')
    .optional(),
})

/**
 * Puts a fault mark with the time and a comment on a group, or replaces the one that it bears (manual 7.4.7).
 *
 * Only a note for people: a marked group is worked on like others, with a warning. Takes no claim and looks at records
 * only, so that a group can be marked while a run works on it and while nothing else answers.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`.
 */
export const mark: Operation<MarkInput, FleetResult> = defineOperation({
  name: 'mark',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit, onlyRecords: true }),
  kinds: [recordMark],
  plan: (request, world) =>
    planMark(world, request, ({ comment = '' }, group) => ({
      action: 'mark',
      reason: group.mark === undefined ? 'is marked as faulty' : 'its mark is replaced',
      comment,
    })),
  result: (_plan, finished) => fleetResult(finished),
})
