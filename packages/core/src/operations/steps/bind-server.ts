import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { nothing, serverKey } from './schemas.ts'
import { updateServer } from './server-documents.ts'

const machine = z.object({ id: z.string(), operationId: z.string().optional() })
const input = z.object({
  ...serverKey,
  /** null: the slot is empty. */
  machine: machine.nullable(),
  templateVersion: z.number().optional(),
  definitionHash: z.string().optional(),
  status: z.enum(['initial', 'stopped', 'working']),
})
type Input = z.infer<typeof input>

/** Binds a slot to a machine, or empties it. The effect is the record itself, made with the journal's. */
export const bindServer: StepKind<Input, Record<string, never>> = {
  name: 'server.bind',
  version: 1,
  input,
  output: nothing,
  observe: async () => ({ state: 'absent' }),
  act: async () => ({}),
  records(step, moment) {
    if (moment.type !== 'done') return []
    const { templateVersion, definitionHash, status } = step
    return [
      updateServer(step, (server) => ({
        ...server,
        machine: step.machine ?? undefined,
        templateVersion,
        definitionHash,
        status,
      })),
    ]
  },
}
