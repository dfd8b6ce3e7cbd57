import type { AddressPool } from '../../ports/index.ts'
import type { Guard } from './guard.ts'

/** The engine's face of an address pool. */
export function guardAddressPool(pool: AddressPool, { mutate }: Guard): AddressPool {
  return {
    reserve: (network, id, call) =>
      mutate('addresses.reserve', (permitted) => pool.reserve(network, id, permitted), call),
    release: (address, id, call) =>
      mutate('addresses.release', (permitted) => pool.release(address, id, permitted), call),
  }
}
