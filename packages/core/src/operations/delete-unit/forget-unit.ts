import * as z from 'zod'
import { keys } from '../../engine/documents.ts'
import type { StepKind } from '../../ports/index.ts'
import { recordStep } from '../steps/record-step.ts'

const input = z.object({ unit: z.string() })
type Input = z.infer<typeof input>

/** Removes the record of a unit. */
export const forgetUnit: StepKind<Input, Record<string, never>> = recordStep({
  name: 'unit.forget',
  input,
  writes: ({ unit }) => [{ key: keys.unit(unit), update: () => undefined }],
})
