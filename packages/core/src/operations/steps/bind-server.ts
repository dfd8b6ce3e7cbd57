import * as z from 'zod'
import type { BoundMachine, VirtualServer } from '../../domain/management-unit.ts'
import { withoutBeside } from '../../domain/without-beside.ts'
import type { StepKind } from '../../ports/index.ts'
import { withBeside } from './beside-documents.ts'
import { recordStep } from './record-step.ts'
import { serverKey } from './schemas.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

export interface BindServerInput extends ServerKey {
  /** null: the slot is empty. */
  readonly machine: BoundMachine | null
  readonly templateVersion?: number | undefined
  readonly definitionHash?: string | undefined
  readonly status: 'initial' | 'stopped' | 'working' | 'fault(updating)'
  /** The machine that it had stands beside it from now on. */
  readonly beside?: true | undefined
}

const machine = z.object({ id: z.string(), operationId: z.string().optional() })
const input = z.object({
  ...serverKey,
  machine: machine.nullable(),
  templateVersion: z.number().optional(),
  definitionHash: z.string().optional(),
  status: z.enum(['initial', 'stopped', 'working', 'fault(updating)']),
  beside: z.literal(true).optional(),
})

/** Binds a slot to a machine, or empties it. What it is bound to does not stand beside it any more. */
export const bindServer: StepKind<BindServerInput, Record<string, never>> = recordStep({
  name: 'server.bind',
  input,
  writes(step, { runId }) {
    const { templateVersion, definitionHash, status } = step
    const machine = step.machine ?? undefined
    return [
      updateServer(step, (server) => {
        const left = step.beside === undefined ? server : leaving(server, runId)
        const rest = machine === undefined ? left : withoutBeside(left, { machine: machine.id })
        return { ...rest, machine, templateVersion, definitionHash, status }
      }),
    ]
  },
})

function leaving(server: VirtualServer, runId: string): VirtualServer {
  const { id, operationId } = server.machine ?? {}
  return operationId === undefined ? server : withBeside(server, runId, { id, operationId })
}
