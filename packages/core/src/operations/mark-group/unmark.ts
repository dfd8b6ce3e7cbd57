import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'
import type { Operation } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { planMark } from './plan-mark.ts'
import { recordMark } from './record-mark.ts'

export interface UnmarkInput {
  readonly unit: string
  readonly group: string
}

const input = z.strictObject({ unit: schemas.name, group: schemas.name })

/**
 * Takes the fault mark off a group when the fault is repaired (manual 7.4.7). A group without a mark gives a warning.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`.
 */
export const unmark: Operation<UnmarkInput, FleetResult> = defineOperation({
  name: 'unmark',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit, onlyRecords: true }),
  kinds: [recordMark],
  plan: (request, world) =>
    planMark(world, request, (_request, group) =>
      group.mark === undefined ? undefined : { action: 'unmark', reason: 'its fault is repaired' },
    ),
  result: (_plan, finished) => fleetResult(finished),
})
