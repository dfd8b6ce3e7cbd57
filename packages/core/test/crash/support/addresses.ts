import { type AddressPool, createAddressPool, type StateStore } from '@vmunit/core'

const HOSTS = [201, 202, 203, 204, 205, 206]

/** Addresses for what is made beside the servers of the fleet. */
export function addressPool(store: StateStore): AddressPool {
  const range = (subnet: number): readonly string[] => HOSTS.map((host) => `192.168.${subnet}.${host}`)
  return createAddressPool({ store, networks: { management: range(1), service: range(2) } })
}
