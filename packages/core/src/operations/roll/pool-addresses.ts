import { addressesOf } from '../../domain/addresses.ts'
import type { Plain } from '../../domain/plain.ts'
import { nextPoolNameOf } from '../../domain/pool-name.ts'
import { releaseAddress, reserveAddress } from '../steps/index.ts'
import type { MachineRef, Member } from './member.ts'
import { draft, type Lane, outputOf, type StepDraft } from './stage.ts'

/** A network in which a server has an address. */
interface ServerNetwork {
  readonly member: Member
  readonly kind: 'management' | 'service'
}

function networksOf(member: Member): readonly ServerNetwork[] {
  const management = { member, kind: 'management' } as const
  return member.server.serviceAddress === undefined ? [management] : [management, { member, kind: 'service' }]
}

function reserveId({ member, kind }: ServerNetwork): string {
  return `${member.server.slot}/reserve-${kind}`
}

/** Takes addresses for the replacement of a server out of the pool, one in each of its networks. */
export function reserveSteps(replaced: Member): readonly StepDraft[] {
  const { unit, tier, server } = replaced
  return networksOf(replaced).map((network) => {
    const member = nextPoolNameOf(server)
    const step = { unit: unit.name, slot: server.slot, network: tier.networks[network.kind], member }
    return draft(reserveAddress, { id: reserveId(network), server: server.slot, input: step })
  })
}

/** Gives the addresses back that were taken for a replacement, on the way back. */
export function giveBackSteps(member: Member): readonly StepDraft[] {
  const { unit, server } = member
  return networksOf(member).map((network) => {
    const from = reserveId(network)
    const reserved = { address: outputOf(from, 'address'), reservation: outputOf(from, 'reservation') }
    const step = { unit: unit.name, slot: server.slot, ...reserved }
    return draft(releaseAddress, {
      id: `back:${server.slot}/release-${network.kind}`,
      server: server.slot,
      input: step,
    })
  })
}

/** The addresses that were taken for the replacement of a server. */
export function reservedAddresses(member: Member): NonNullable<MachineRef['addresses']> {
  const [management, service] = networksOf(member).map((network) => outputOf(reserveId(network), 'address'))
  return { management, ...(service !== undefined && { service }) }
}

/** The same as the record keeps them, with the ids under which they are given back. */
export function reservations(member: Member): Plain {
  return networksOf(member).map((network) => {
    const from = reserveId(network)
    return { address: outputOf(from, 'address'), id: outputOf(from, 'reservation') }
  })
}

/** Gives the addresses that a server has from the pool back. */
export function releaseReservedLane({ unit, server }: Member): Lane {
  return (server.reserved ?? []).map(({ address, id }) => {
    const step = { unit: unit.name, slot: server.slot, address, reservation: id }
    return draft(releaseAddress, { id: `${server.slot}/release-${address}`, server: server.slot, input: step })
  })
}

/** Gives up all addresses that a server had: those of the pool go back there, others are only free. */
export function releaseAllLane(member: Member): Lane {
  const { unit, server } = member
  const reserved = new Set((server.reserved ?? []).map(({ address }) => address))
  const others = addressesOf(server).filter((address) => !reserved.has(address))
  return [
    ...releaseReservedLane(member),
    ...others.map((address) => {
      const step = { unit: unit.name, slot: server.slot, address }
      return draft(releaseAddress, { id: `${server.slot}/release-${address}`, server: server.slot, input: step })
    }),
  ]
}
