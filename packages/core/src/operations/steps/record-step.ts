import type { Parser } from '../../domain/plain.ts'
import type { DocumentUpdate, RecordContext, StepKind } from '../../ports/index.ts'
import { nothing } from './schemas.ts'

export interface RecordStepParts<Input> {
  readonly name: string
  readonly input: Parser<Input>
  writes(input: Input, context: RecordContext): readonly DocumentUpdate[]
}

/** A step whose effect is the fleet's documents alone, written in one transaction with the journal record of its end. */
export function recordStep<Input>({
  name,
  input,
  writes,
}: RecordStepParts<Input>): StepKind<Input, Record<string, never>> {
  return {
    name,
    version: 1,
    input,
    output: nothing,
    livesInRecords: 'only',
    observe: async () => ({ state: 'absent' }),
    act: async () => ({}),
    records: (step, moment, context) => (moment.type === 'done' ? writes(step, context) : []),
  }
}
