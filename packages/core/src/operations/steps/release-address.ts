import * as z from 'zod'
import { withoutBeside } from '../../domain/without-beside.ts'
import { keys } from '../../engine/documents.ts'
import { isVmunitError } from '../../errors/index.ts'
import type { DocumentUpdate, StepContext, StepKind } from '../../ports/index.ts'
import { nothing, serverKey } from './schemas.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

export interface ReleaseAddressInput extends ServerKey {
  /** Absent where nobody wrote down which one the pool gave. */
  readonly address?: string | undefined
  /** Under which id the pool handed it out; absent: it is not of the pool, and is only free for others then. */
  readonly reservation?: string | undefined
  /** In which network the pool was asked. */
  readonly network?: string | undefined
}

const input = z.object({
  ...serverKey,
  address: z.string().optional(),
  reservation: z.string().optional(),
  network: z.string().optional(),
})

/** Gives up an address that a server does not have any more; one of the pool rests there. */
export const releaseAddress: StepKind<ReleaseAddressInput, Record<string, never>> = {
  name: 'address.release',
  version: 1,
  input,
  output: nothing,
  observe: async () => ({ state: 'partial', detail: 'nobody has told whether it rests' }),
  async act({ address, reservation, network }, context) {
    if (reservation === undefined) return {}
    const given = address ?? (await addressGiven({ reservation, network }, context))
    if (given !== undefined) await context.addresses().release(given, reservation, context)
    return {}
  },
  records({ address, reservation, unit, slot }, moment) {
    if (moment.type !== 'done') return []
    const key = { unit, slot }
    return [
      ...(address === undefined ? [] : [freeAddress(key, address)]),
      updateServer(key, (server) => withoutBeside(server, { address: { address, id: reservation } })),
    ]
  },
}

function freeAddress({ unit, slot }: ServerKey, address: string): DocumentUpdate {
  return { key: keys.address(address), update: (holder) => (holder === `${unit} ${slot}` ? undefined : holder) }
}

/** What the pool gave under an id: asked again, it gives the same. It gives nothing now only if it gave nothing then. */
async function addressGiven(
  { reservation, network }: { readonly reservation: string; readonly network: string | undefined },
  context: StepContext,
): Promise<string | undefined> {
  if (network === undefined) return undefined
  try {
    return await context.addresses().reserve(network, reservation, context)
  } catch (error) {
    if (isVmunitError(error, 'ERR_LIMIT_REACHED')) return undefined
    throw error
  }
}
