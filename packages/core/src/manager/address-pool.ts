import * as z from 'zod'
import { schemas } from '../domain/parsers.ts'
import type { Parser, Plain } from '../domain/plain.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { AddressPool, Call, StateStore } from '../ports/index.ts'
import { parseInput } from './parse-input.ts'

export interface AddressPoolOptions {
  /** The store of the manager: it keeps who has what, and knows which addresses servers have. */
  readonly store: StateStore
  /** By the names that the networks of tiers have: the addresses that may be handed out, in the order of preference. */
  readonly networks: Readonly<Record<string, readonly string[]>>
  /** How long nobody gets an address that was released. Default 3,600,000. */
  readonly restMs?: number | undefined
}

/** Who has the addresses of a network, and which ones rest since when. */
type Reservations = Readonly<Record<string, Reservation>>

interface Reservation {
  readonly id: string
  /** Since when it rests, by the store's clock; absent: it is in use. */
  readonly time?: number | undefined
}

const reservationsParser: Parser<Reservations> = z.record(
  z.string(),
  z.object({ id: z.string(), time: z.number().optional() }),
)

const optionsParser = z.object({
  networks: z.record(z.string(), z.array(schemas.ipv4).min(1)),
  restMs: schemas.milliseconds.optional(),
})

/**
 * Creates a pool of addresses that is kept in the store of the manager, for any number of processes.
 *
 * Addresses that servers of the manager have are never handed out, however they came by them. Both calls are one
 * transaction; what is handed out first is what was never used, then what has rested for longest.
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
  async function change(network: string, update: (known: Reservations) => Reservations, call: Call): Promise<void> {
    const updateStored = (value: unknown): Plain => {
      call.permit?.()
      return plain(update(reservationsIn(value)))
    }
    await commitUpdates(store, { updates: [{ key: keys.addressPool(network), update: updateStored }] }, call)
  }

  return {
    async reserve(network, id, call = {}) {
      call.signal?.throwIfAborted()
      const addresses = Object.hasOwn(networks, network) ? networks[network] : undefined
      if (addresses === undefined) throw unknownNetwork(network, Object.keys(networks))
      const held = await heldByServers(addresses, call)
      const now = await store.now(call)
      let address = ''
      await change(
        network,
        (known) => {
          const own = Object.entries(known).find(([, entry]) => entry.id === id && entry.time === undefined)
          if (own !== undefined) {
            address = own[0]
            return known
          }
          const next = nextOf(addresses, { known, held, restedBefore: now - restMs })
          if (next === undefined) throw noneFree(network, addresses.length)
          address = next
          return { ...known, [next]: { id } }
        },
        call,
      )
      return address
    },
    async release(address, id, call = {}) {
      call.signal?.throwIfAborted()
      const names = Object.keys(networks)
      const stored = await store.get(names.map(keys.addressPool), call)
      const network = names.find((_, index) => reservationsIn(stored[index]?.value)[address]?.id === id)
      if (network === undefined) return
      const time = await store.now(call)
      await change(
        network,
        (known) => (known[address]?.id === id ? { ...known, [address]: { time, ...known[address] } } : known),
        call,
      )
    },
  }
}

function reservationsIn(value: unknown): Reservations {
  return value === undefined ? {} : reservationsParser.parse(value)
}

interface Standing {
  readonly known: Reservations
  readonly held: ReadonlySet<string>
  readonly restedBefore: number
}

/** The next address to hand out: one that nobody ever had, or the one that has rested for longest. */
function nextOf(addresses: readonly string[], { known, held, restedBefore }: Standing): string | undefined {
  const free = addresses.filter((address) => !held.has(address))
  const rested = free
    .filter((address) => (known[address]?.time ?? Number.POSITIVE_INFINITY) <= restedBefore)
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
