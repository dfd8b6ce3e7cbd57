import { VmunitError } from '../../errors/vmunit-error.ts'
import type { PoolMember } from '../../ports/load-balancer.ts'
import type { Handlers } from './calls.ts'
import { sampleServingAt } from './serving.ts'
import type { MemberRecord, PoolRecord, WorldState } from './state.ts'

type Methods = `balancer.${'ensurePool' | 'removePool' | 'ensureMember' | 'removeMember' | 'traffic' | 'members'}`

/** The load balancer. */
export function balancerCalls(state: WorldState): Handlers<Methods> {
  function place(member: MemberRecord): void {
    const there = state.membersByAddress.get(member.address) ?? new Set()
    state.membersByAddress.set(member.address, there.add(member))
    sampleServingAt(state, member.address)
  }

  function displace(member: MemberRecord): void {
    const there = state.membersByAddress.get(member.address)
    there?.delete(member)
    if (there?.size === 0) state.membersByAddress.delete(member.address)
    sampleServingAt(state, member.address)
  }

  return {
    'balancer.ensurePool': (pool) => {
      const known = state.pools.get(pool.name)
      if (known === undefined) state.pools.set(pool.name, { pool, members: new Map() })
      else known.pool = pool
    },
    'balancer.removePool': (name) => {
      const members = [...(state.pools.get(name)?.members.values() ?? [])]
      state.pools.delete(name)
      members.forEach(displace)
    },
    'balancer.ensureMember': (name, { slot, address, port }) => {
      const { members } = poolOf(state, name)
      const known = members.get(slot)
      if (known?.address === address && known.port === port) return
      if (known !== undefined) displace(known)
      const member: MemberRecord = { slot, address, port, traffic: 'out', connections: 0 }
      members.set(slot, member)
      place(member)
    },
    'balancer.removeMember': (name, slot) => {
      const members = state.pools.get(name)?.members
      const member = members?.get(slot)
      if (member === undefined) return
      members?.delete(slot)
      displace(member)
    },
    'balancer.traffic': (name, slot, to) => {
      const member = memberOf(state, name, slot)
      member.traffic = to
      if (to === 'out') member.connections = 0
      sampleServingAt(state, member.address)
    },
    'balancer.members': (name) => membersOf(state.pools.get(name)),
  }
}

/** The members of a pool, ascending by slot. */
export function membersOf(pool: PoolRecord | undefined): readonly PoolMember[] {
  const members = [...(pool?.members.values() ?? [])].map((member) => ({ ...member }))
  return members.sort((a, b) => (a.slot < b.slot ? -1 : 1))
}

/** The member of a pool at a slot. */
export function memberOf(state: WorldState, pool: string, slot: string): MemberRecord {
  const member = poolOf(state, pool).members.get(slot)
  if (member === undefined) throw new VmunitError('ERR_NOT_FOUND', `Pool ${pool} has no member ${slot}: add it first.`)
  return member
}

function poolOf(state: WorldState, name: string): PoolRecord {
  const pool = state.pools.get(name)
  if (pool === undefined) throw new VmunitError('ERR_NOT_FOUND', `There is no pool ${name}: ensure it first.`)
  return pool
}
