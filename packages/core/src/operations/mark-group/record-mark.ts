import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { recordStep } from '../steps/record-step.ts'
import { updateGroup } from '../steps/server-documents.ts'

const input = z.object({ unit: z.string(), group: z.string(), comment: z.string().optional() })
type Input = z.infer<typeof input>

/** Sets the mark of a group, or without a comment takes it off. */
export const recordMark: StepKind<Input, Record<string, never>> = recordStep({
  name: 'group.mark',
  input,
  writes({ unit, group, comment }, { now }) {
    const mark = comment === undefined ? undefined : { time: now, comment }
    return [updateGroup(unit, group, (record) => ({ ...record, mark }))]
  },
})
