import * as z from 'zod'
import { keys } from '../../engine/documents.ts'
import type { StepKind } from '../../ports/index.ts'
import { nothing, serverKey } from './schemas.ts'
import type { ServerKey } from './server-documents.ts'

export interface ReleaseAddressInput extends ServerKey {
  readonly address: string
  /** Under which id the pool handed it out; absent: it is not of the pool, and is only free for others then. */
  readonly reservation?: string | undefined
}

const input = z.object({ ...serverKey, address: z.string(), reservation: z.string().optional() })

/** Gives up an address that a server does not have any more; one of the pool rests there. */
export const releaseAddress: StepKind<ReleaseAddressInput, Record<string, never>> = {
  name: 'address.release',
  version: 1,
  input,
  output: nothing,
  observe: async () => ({ state: 'partial', detail: 'nobody has told whether it rests' }),
  async act({ address, reservation }, context) {
    if (reservation !== undefined) await context.addresses().release(address, reservation, context)
    return {}
  },
  records: ({ address, unit, slot }, moment) =>
    moment.type === 'done'
      ? [{ key: keys.address(address), update: (holder) => (holder === `${unit} ${slot}` ? undefined : holder) }]
      : [],
}
