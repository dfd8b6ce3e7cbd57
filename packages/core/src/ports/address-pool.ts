import type { OperationId } from '../domain/marker.ts'
import type { Call } from './call.ts'

/**
 * Hands out addresses of networks: a list in the store, or an IPAM. Whoever made it closes what is behind it.
 *
 * The addresses belong to the pool: nobody gives them to a machine by hand. Both calls may be repeated.
 */
export interface AddressPool {
  /**
   * An address that nobody has. The same id in the same network gives the same one until it is released.
   * Rejects with `ERR_NOT_FOUND` for a network that it does not know, and with `ERR_LIMIT_REACHED`, which may pass,
   * when none is free.
   */
  reserve(network: string, id: OperationId, call?: Call): Promise<string>
  /**
   * Gives back what was reserved under this id: it rests for a while before somebody else gets it, because others may
   * remember who had it. An address that is not reserved under this id is left as it is, without an error.
   */
  release(address: string, id: OperationId, call?: Call): Promise<void>
}
