import * as z from 'zod'
import { addressesOf } from '../../domain/addresses.ts'
import type { Beside, BoundMachine, ReservedAddress, VirtualServer } from '../../domain/management-unit.ts'
import { poolNameOf } from '../../domain/pool-name.ts'
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
  records({ unit, slot, ...present }, moment, { runId }) {
    if (moment.type !== 'done') return []
    const { serviceAddress, member } = present
    return [
      updateServer({ unit, slot }, (server) => ({
        ...server,
        ...present,
        serviceAddress,
        member,
        beside: server.machine?.id === present.machine.id ? server.beside : leaving(server, { runId, present }),
      })),
    ]
  },
}

/**
 * What a server had until now stands beside it from now on; what else stood there, because an earlier attempt could not
 * put it away, stays listed.
 */
function leaving(
  server: VirtualServer,
  { runId, present }: { readonly runId: string; readonly present: Pick<SwitchServerInput, 'machine' | 'reserved'> },
): Beside {
  const { machine, reserved = [], beside } = server
  const ids = new Map(reserved.map(({ address, id }) => [address, id]))
  const own = new Set(present.reserved.map(({ id }) => id))
  const machines = (beside?.machines ?? []).filter(({ id }) => id !== present.machine.id)
  const addresses = (beside?.addresses ?? []).filter(({ id }) => id === undefined || !own.has(id))
  return {
    runId,
    member: poolNameOf(server),
    machines: [
      ...machines,
      ...(machine?.operationId === undefined ? [] : [{ id: machine.id, operationId: machine.operationId }]),
    ],
    addresses: [...addresses, ...addressesOf(server).map((address) => ({ address, id: ids.get(address) }))],
  }
}
