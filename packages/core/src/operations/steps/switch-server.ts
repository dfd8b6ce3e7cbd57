import * as z from 'zod'
import type { BoundMachine, ReservedAddress } from '../../domain/management-unit.ts'
import type { StepKind } from '../../ports/index.ts'
import { nothing, serverKey } from './schemas.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

export interface SwitchServerInput extends ServerKey {
  readonly machine: BoundMachine
  readonly address: string
  readonly serviceAddress?: string | undefined
  readonly reserved: readonly ReservedAddress[]
  /** Its name in the pool; absent: the slot. */
  readonly member?: string | undefined
  readonly templateVersion: number
  readonly definitionHash: string
  readonly status: 'stopped' | 'working'
  readonly traffic: 'in' | 'none'
}

const input = z.object({
  ...serverKey,
  machine: z.object({ id: z.string(), operationId: z.string().optional() }),
  address: z.string(),
  serviceAddress: z.string().optional(),
  reserved: z.array(z.object({ address: z.string(), id: z.string() })),
  member: z.string().optional(),
  templateVersion: z.number(),
  definitionHash: z.string(),
  status: z.enum(['stopped', 'working']),
  traffic: z.enum(['in', 'none']),
})

/** Makes the machine that came up beside the one of a server the server's own. The effect is the record itself. */
export const switchServer: StepKind<SwitchServerInput, Record<string, never>> = {
  name: 'server.switch',
  version: 1,
  input,
  output: nothing,
  observe: async () => ({ state: 'absent' }),
  act: async () => ({}),
  records({ unit, slot, ...present }, moment) {
    if (moment.type !== 'done') return []
    const { serviceAddress, member } = present
    return [updateServer({ unit, slot }, (server) => ({ ...server, ...present, serviceAddress, member }))]
  },
}
