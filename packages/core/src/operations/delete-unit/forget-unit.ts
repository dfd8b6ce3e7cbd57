import * as z from 'zod'
import { keys } from '../../engine/documents.ts'
import type { StepKind } from '../../ports/index.ts'
import { nothing } from '../steps/schemas.ts'

const input = z.object({ unit: z.string() })
type Input = z.infer<typeof input>

/** Removes the record of a unit. The effect is the record itself, made with the journal's. */
export const forgetUnit: StepKind<Input, Record<string, never>> = {
  name: 'unit.forget',
  version: 1,
  input,
  output: nothing,
  observe: async () => ({ state: 'absent' }),
  act: async () => ({}),
  records({ unit }, moment) {
    return moment.type === 'done' ? [{ key: keys.unit(unit), update: () => undefined }] : []
  },
}
