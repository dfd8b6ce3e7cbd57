import * as z from 'zod'
import type { BoundMachine } from '../../domain/management-unit.ts'
import type { StepKind } from '../../ports/index.ts'
import { recordStep } from './record-step.ts'
import { serverKey } from './schemas.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

export interface BindServerInput extends ServerKey {
  /** null: the slot is empty. */
  readonly machine: BoundMachine | null
  readonly templateVersion?: number | undefined
  readonly definitionHash?: string | undefined
  readonly status: 'initial' | 'stopped' | 'working'
}

const machine = z.object({ id: z.string(), operationId: z.string().optional() })
const input = z.object({
  ...serverKey,
  machine: machine.nullable(),
  templateVersion: z.number().optional(),
  definitionHash: z.string().optional(),
  status: z.enum(['initial', 'stopped', 'working']),
})

/** Binds a slot to a machine, or empties it. */
export const bindServer: StepKind<BindServerInput, Record<string, never>> = recordStep({
  name: 'server.bind',
  input,
  writes(step) {
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
})
