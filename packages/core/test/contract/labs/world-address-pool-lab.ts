import { setTimeout } from 'node:timers/promises'
import { type AddressPoolLab, createWorld } from '../../../src/testing/index.ts'

const REST_MS = 60_000
const NETWORKS = [
  { name: 'management', addresses: ['10.1.1.201', '10.1.1.202', '10.1.1.203'] },
  { name: 'service', addresses: ['10.1.2.201', '10.1.2.202'] },
] as const

/** The address pool of a world. */
export async function openWorldAddressPoolLab(): Promise<AddressPoolLab> {
  let aheadMs = 0
  const world = createWorld({
    networks: Object.fromEntries(NETWORKS.map(({ name, addresses }) => [name, addresses])),
    addressRestMs: REST_MS,
    clock: {
      now: () => Date.now() + aheadMs,
      sleep: async (ms, { signal } = {}) => await setTimeout(ms, undefined, { signal }),
    },
  })
  return {
    pool: world.addresses,
    reopen: async () => world.as('reopened').addresses,
    networks: NETWORKS,
    rest: async () => {
      aheadMs += REST_MS
    },
    close: async () => await world.close(),
  }
}
