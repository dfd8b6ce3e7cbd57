import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { nothing } from '../steps/schemas.ts'
import { updateGroup } from '../steps/server-documents.ts'

const input = z.object({ unit: z.string(), group: z.string(), comment: z.string().optional() })
type Input = z.infer<typeof input>

/** Sets the mark of a group, or without a comment takes it off. The effect is the record, made with the journal's. */
export const recordMark: StepKind<Input, Record<string, never>> = {
  name: 'group.mark',
  version: 1,
  input,
  output: nothing,
  observe: async () => ({ state: 'absent' }),
  act: async () => ({}),
  records({ unit, group, comment }, moment, { now }) {
    if (moment.type !== 'done') return []
    const mark = comment === undefined ? undefined : { time: now, comment }
    return [updateGroup(unit, group, (record) => ({ ...record, mark }))]
  },
}
