import type { OperationId } from '../domain/marker.ts'
import type { Call } from './call.ts'

/** Hands out addresses: a list in the store, or an IPAM. Idempotent by operation id; a released address rests a while. */
export interface AddressPool {
  reserve(network: string, id: OperationId, call?: Call): Promise<string>
  release(address: string, id: OperationId, call?: Call): Promise<void>
}
