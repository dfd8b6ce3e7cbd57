import type { Machine } from '@vmunit/core'
import type { MachineFacts } from './machine-facts.ts'

/** A machine as the port shows it. */
export function machineOf(facts: MachineFacts): Machine {
  const { id, name, power, config, host, guestAddresses } = facts
  const marker = config === undefined ? 'unreadable' : (config.marker ?? 'none')
  const addresses = power === 'on' && guestAddresses.length > 0 ? guestAddresses : (config?.givenAddresses ?? [])
  return {
    id,
    name,
    power,
    marker,
    addresses: addresses.length > 0 ? addresses : guestAddresses,
    image: config?.source,
    failureDomain: host,
    hostKeys: config?.hostKeys ?? [],
    imageHostKeys: config?.imageHostKeys ?? [],
  }
}
