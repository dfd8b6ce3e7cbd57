import type { AddressPool } from '../../ports/address-pool.ts'
import type { Ask } from './ask.ts'

/** The address pool of a world. */
export function addressPort(ask: Ask): AddressPool {
  return {
    async reserve(network, id, call) {
      call?.permit?.()
      return await ask('addresses.reserve', [network, id], call)
    },
    async release(address, id, call) {
      call?.permit?.()
      await ask('addresses.release', [address, id], call)
    },
  }
}
