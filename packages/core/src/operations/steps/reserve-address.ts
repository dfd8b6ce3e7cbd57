import * as z from 'zod'
import { keys } from '../../engine/documents.ts'
import type { StepKind } from '../../ports/index.ts'
import { noteAddress } from './beside-documents.ts'
import { serverKey } from './schemas.ts'
import type { ServerKey } from './server-documents.ts'

export interface ReserveAddressInput extends ServerKey {
  /** A network, as tiers name it. */
  readonly network: string
  /** The name that the machine with the address is going to have in the pool of its tier. */
  readonly member: string
}

/** An address of the pool, and the id under which it is given back. */
export interface ReservedForStep {
  readonly address: string
  readonly reservation: string
}

const input = z.object({ ...serverKey, network: z.string(), member: z.string() })

const output = z.object({ address: z.string(), reservation: z.string() })

/** Takes an address out of the pool for what comes to stand beside a server, which is recorded as its holder. */
export const reserveAddress: StepKind<ReserveAddressInput, ReservedForStep> = {
  name: 'address.reserve',
  version: 1,
  input,
  output,
  // Asked again under the same id, the pool gives what it gave.
  observe: async () => ({ state: 'partial', detail: 'nobody has told which address it is' }),
  async act({ network }, context) {
    const { operationId } = context
    return { address: await context.addresses().reserve(network, operationId, context), reservation: operationId }
  },
  // Noted before it is asked for: whatever stops the run, the pool can be asked under this id what it gave.
  records({ unit, slot, network, member }, moment, { runId, operationId }) {
    if (moment.type === 'failed') return []
    const address = moment.type === 'done' ? moment.output.address : undefined
    return [
      ...(address === undefined ? [] : [{ key: keys.address(address), update: () => `${unit} ${slot}` }]),
      noteAddress({ unit, slot }, { runId, member }, { address, id: operationId, network }),
    ]
  },
}
