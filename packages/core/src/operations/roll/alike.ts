import type { VirtualServer } from '../../domain/management-unit.ts'
import type { SharedValues } from '../../domain/plan.ts'
import { fillNames } from '../../domain/planned-steps.ts'
import { canonicalJson } from '../../internal/canonical-json.ts'
import type { Member } from './member.ts'
import type { GroupProcedure } from './stage.ts'

/** What is planned for members of a group. */
export type MembersProcedure = Pick<GroupProcedure, 'stages' | 'back' | 'values'>

/** Plans what happens to members of a group. */
export type PlanMembers = (members: readonly Member[]) => MembersProcedure

/**
 * Plans groups that differ in nothing but names, addresses and machines once, so that a plan of many groups costs
 * little more than the list of them. Make one for each plan.
 *
 * @param plan May look at nothing but the members, and what is the same for all groups of the plan.
 */
export function planAlike(plan: PlanMembers): PlanMembers {
  const known = new Map<string, MembersProcedure | undefined>()
  return (members) => {
    const pattern = patternOf(members)
    if (!known.has(pattern.key)) known.set(pattern.key, sharedProcedure(plan, members, pattern))
    const shared = known.get(pattern.key)
    return shared === undefined ? plan(members) : { ...shared, values: pattern.values }
  }
}

/** Members with `{name}` in the place of what is particular to their group. */
interface Pattern {
  /** The same for all groups that are alike. */
  readonly key: string
  readonly members: readonly Member[]
  readonly values: SharedValues
}

function patternOf(members: readonly Member[]): Pattern {
  const values: Record<string, string> = {}
  const stand = (name: string, value: string): string => {
    values[name] = value
    return `{${name}}`
  }
  const pattern = members.map((member) => patternMember(member, stand))
  const key = JSON.stringify(pattern.map(({ isOn, failureDomain, server }) => [isOn, failureDomain, server]))
  return { key, members: pattern, values }
}

type Stand = (name: string, value: string) => string

function patternMember(member: Member, stand: Stand): Member {
  const { failureDomain } = member
  return {
    ...member,
    group: '{group}',
    server: patternServer(member, stand),
    ...(failureDomain !== undefined && { failureDomain: stand(`${placeOf(member)}.failureDomain`, failureDomain) }),
  }
}

function placeOf({ group, server: { slot } }: Member): string {
  return slot.slice(group.length + 1)
}

function patternServer(member: Member, stand: Stand): VirtualServer {
  const { server } = member
  const { address, machine, serviceAddress } = server
  const place = placeOf(member)
  // The names in order, as in everything that becomes part of a plan.
  return {
    ...server,
    slot: `{group}/${place}`,
    address: stand(`${place}.address`, address),
    ...(machine !== undefined && {
      machine: {
        id: stand(`${place}.machine`, machine.id),
        ...(machine.operationId !== undefined && { operationId: stand(`${place}.operation`, machine.operationId) }),
      },
    }),
    ...(serviceAddress !== undefined && { serviceAddress: stand(`${place}.serviceAddress`, serviceAddress) }),
  }
}

/**
 * Undefined when it cannot be shared: filled in for a group, it is not what is planned for that group by itself. So it
 * is when a command of the unit contains what looks like one of our names.
 */
function sharedProcedure(
  plan: PlanMembers,
  members: readonly Member[],
  { members: pattern, values }: Pattern,
): MembersProcedure | undefined {
  const shared = plan(pattern)
  const filled = fillNames(shared, { ...values, group: members[0]?.group ?? '' })
  return canonicalJson(filled) === canonicalJson(plan(members)) ? shared : undefined
}
