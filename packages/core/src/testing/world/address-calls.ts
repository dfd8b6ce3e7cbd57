import { VmunitError } from '../../errors/vmunit-error.ts'
import type { Handlers } from './calls.ts'
import type { WorldState } from './state.ts'

const REST_MS = 3_600_000

/** The address pool: what is never used comes first, then what has rested for longest. */
export function addressCalls(state: WorldState): Handlers<'addresses.reserve' | 'addresses.release'> {
  function nextOf(network: string, addresses: readonly string[]): string | undefined {
    // What a machine has that is on is in use, whoever gave it to the machine.
    const free = addresses.filter((address) => !state.addresses.has(address))
    const restedBefore = state.clock.now() - (state.settings.addressRestMs ?? REST_MS)
    const timeOf = (address: string): number => state.reservations.get(address)?.time ?? Number.POSITIVE_INFINITY
    const rested = free.filter((address) => timeOf(address) <= restedBefore).toSorted((a, b) => timeOf(a) - timeOf(b))
    return free.find((address) => state.reservations.get(address)?.network !== network) ?? rested[0]
  }

  return {
    'addresses.reserve': (network, id) => {
      const { networks = {} } = state.settings
      const addresses = Object.hasOwn(networks, network) ? networks[network] : undefined
      if (addresses === undefined)
        throw new VmunitError('ERR_NOT_FOUND', `The address pool knows no network ${network}.`)
      for (const [address, known] of state.reservations) {
        if (known.network === network && known.id === id && known.time === undefined) return address
      }
      const address = nextOf(network, addresses)
      if (address === undefined) {
        const message = `No address of network ${network} is free: give the world more of them.`
        throw new VmunitError('ERR_LIMIT_REACHED', message, { retryable: true })
      }
      state.reservations.set(address, { network, id })
      return address
    },
    'addresses.release': (address, id) => {
      const known = state.reservations.get(address)
      if (known?.id !== id || known.time !== undefined) return
      state.reservations.set(address, { ...known, time: state.clock.now() })
    },
  }
}
