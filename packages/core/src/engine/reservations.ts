import * as z from 'zod'
import type { ServerGroup } from '../domain/management-unit.ts'
import type { OperationId } from '../domain/marker.ts'
import type { Parser } from '../domain/plain.ts'
import type { AddressReservation, Call, StateStore } from '../ports/index.ts'

/** An address that the pool in the store has handed out, or that rests there. */
export interface Reservation {
  readonly id: OperationId
  /** When it was given back, by the store's clock; absent: it is in use. */
  readonly time?: number | undefined
  /** Until when it rests. */
  readonly until?: number | undefined
}

/** The addresses of one network, as the pool keeps them. */
export type Reservations = Readonly<Record<string, Reservation>>

const reservationsParser: Parser<Reservations> = z.record(
  z.string(),
  z.object({ id: z.string(), time: z.number().optional(), until: z.number().optional() }),
)

/** What a document of the pool says; nothing when there is none. */
export function reservationsIn(value: unknown): Reservations {
  return value === undefined ? {} : reservationsParser.parse(value)
}

/**
 * The addresses that nobody may give to a server now: those that rest, and those that a record says are asked for.
 *
 * One that is in use under an id that no record knows went away with the machine of a group that was detached, which may
 * be attached again.
 */
export async function readReserved(
  store: StateStore,
  groups: readonly ServerGroup[],
  call: Call = {},
): Promise<ReadonlyMap<string, AddressReservation>> {
  const pools: Reservations[] = []
  for await (const { value } of store.list('pool/', call)) pools.push(reservationsIn(value))
  if (pools.length === 0) return new Map()
  const now = await store.now(call)
  const servers = groups.flatMap((group) => group.servers)
  const asked = servers.flatMap(({ reserved = [], beside }) => [...reserved, ...(beside?.addresses ?? [])])
  const ids = new Set(asked.map(({ id }) => id))
  return new Map(
    pools.flatMap(Object.entries<Reservation>).flatMap(([address, { id, time, until = 0 }]) => {
      const isTaken = time === undefined ? ids.has(id) : until > now
      return isTaken ? [[address, { id, ...(time !== undefined && { until }) }] as const] : []
    }),
  )
}
