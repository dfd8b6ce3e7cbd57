import * as z from 'zod'
import { schemas } from '../domain/parsers.ts'
import type { Plain } from '../domain/plain.ts'
import { ADDRESS_CLAIMS, claimedAddresses } from '../engine/claims.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain } from '../engine/documents.ts'
import { type Reservations, reservationsIn } from '../engine/reservations.ts'
import { VmunitError } from '../errors/index.ts'
import type { AddressPool, Call, DocumentUpdate, StateStore } from '../ports/index.ts'
import { parseInput } from './parse-input.ts'

export interface AddressPoolOptions {
  /** The store of the manager: it keeps who has what, and knows which addresses servers have. */
  readonly store: StateStore
  /** By the names that the networks of tiers have: the addresses that may be handed out, in the order of preference. */
  readonly networks: Readonly<Record<string, readonly string[]>>
  /** How long nobody gets an address that was released. Default 3,600,000. */
  readonly restMs?: number | undefined
}

const optionsParser = z.object({
  networks: z.record(z.string(), z.array(schemas.ipv4).min(1)),
  restMs: schemas.milliseconds.optional(),
})

/**
 * Creates a pool of addresses that is kept in the store of the manager, for any number of processes.
 *
 * Addresses that servers of the manager have, or are about to get, are never handed out, however they come by them; what
 * is reserved or rests cannot be attached by hand. Both calls are one transaction; what is handed out first is what was never used, then what has rested for longest.
 *
 * @throws {@link VmunitError} `ERR_INVALID_INPUT` for what is no address.
 * @example
 * ```ts
 * const addresses = createAddressPool({ store, networks: { management: ['192.168.1.201', '192.168.1.202'] } })
 * ```
 */
export function createAddressPool({ store, ...options }: AddressPoolOptions): AddressPool {
  const { networks, restMs = 3_600_000 } = parseInput(optionsParser, options, 'createAddressPool')

  /** Addresses of the list that servers have now. */
  async function heldByServers(addresses: readonly string[], call: Call): Promise<ReadonlySet<string>> {
    const stored = await store.get(addresses.map(keys.address), call)
    return new Set(addresses.filter((_, index) => stored[index] !== undefined))
  }

  /** The right to change something is asked for directly before each attempt to do so. */
  function change(network: string, update: (known: Reservations) => Reservations, call: Call): DocumentUpdate {
    return {
      key: keys.addressPool(network),
      update(value) {
        call.permit?.()
        return plain(update(reservationsIn(value)))
      },
    }
  }

  return {
    async reserve(network, id, call = {}) {
      call.signal?.throwIfAborted()
      const addresses = Object.hasOwn(networks, network) ? networks[network] : undefined
      if (addresses === undefined) throw unknownNetwork(network, Object.keys(networks))
      const now = await store.now(call)
      let held: ReadonlySet<string> = new Set()
      let address = ''
      // A run that gives an address to a server claims it, and has recorded it when it gives the claim back. The claims
      // are read first: either they or the records tell of it, or it claims later, and then it sees this reservation.
      const check = async (): Promise<void> => {
        held = await heldByServers(addresses, call)
      }
      const skipClaimed = (claims: Plain): Plain => {
        held = held.union(claimedAddresses(claims))
        return claims ?? {}
      }
      const take = (known: Reservations): Reservations => {
        const own = Object.entries(known).find(([, entry]) => entry.id === id && entry.time === undefined)
        const next = own?.[0] ?? nextOf(addresses, { known, held, now })
        if (next === undefined) throw noneFree(network, addresses.length)
        address = next
        return own === undefined ? { ...known, [next]: { id } } : known
      }
      const updates = [{ key: ADDRESS_CLAIMS, update: skipClaimed }, change(network, take, call)]
      await commitUpdates(store, { updates, check }, call)
      return address
    },
    async release(address, id, call = {}) {
      call.signal?.throwIfAborted()
      const names = Object.keys(networks)
      const stored = await store.get(names.map(keys.addressPool), call)
      const network = names.find((_, index) => reservationsIn(stored[index]?.value)[address]?.id === id)
      if (network === undefined) return
      const time = await store.now(call)
      const rest = (known: Reservations): Reservations =>
        known[address]?.id === id ? { ...known, [address]: { time, until: time + restMs, ...known[address] } } : known
      await commitUpdates(store, { updates: [change(network, rest, call)] }, call)
    },
  }
}

interface Standing {
  readonly known: Reservations
  readonly held: ReadonlySet<string>
  readonly now: number
}

/** The next address to hand out: one that nobody ever had, or the one that has rested for longest. */
function nextOf(addresses: readonly string[], { known, held, now }: Standing): string | undefined {
  const free = addresses.filter((address) => !held.has(address))
  const rested = free
    .filter((address) => known[address]?.time !== undefined && (known[address].until ?? 0) <= now)
    .toSorted((a, b) => (known[a]?.time ?? 0) - (known[b]?.time ?? 0))
  return free.find((address) => known[address] === undefined) ?? rested[0]
}

function unknownNetwork(network: string, known: readonly string[]): VmunitError {
  return new VmunitError(
    'ERR_NOT_FOUND',
    `The address pool knows no network ${network}. Give it addresses of that network, or name one of ${known.join(', ')}.`,
    { details: { network, known } },
  )
}

function noneFree(network: string, size: number): VmunitError {
  return new VmunitError(
    'ERR_LIMIT_REACHED',
    `None of the ${size} addresses of network ${network} is free: they are in use, or rest. Give the pool more of them.`,
    { retryable: true, details: { network, size } },
  )
}
