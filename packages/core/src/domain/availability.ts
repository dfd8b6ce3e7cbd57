import type { ServerGroup, UnitRecord, VirtualServer } from './management-unit.ts'

/** Whether the group serves: every one of its servers works and gets its traffic. */
export function isAvailable(unit: Pick<UnitRecord, 'tiers'>, group: ServerGroup): boolean {
  return group.servers.every((server) => server.status === 'working' && getsTraffic(unit, server))
}

/** Whether the group has a server of the tier. */
export function hasTier(group: ServerGroup, tierId: string): boolean {
  return group.servers.some((server) => server.tierId === tierId)
}

function getsTraffic({ tiers }: Pick<UnitRecord, 'tiers'>, server: VirtualServer): boolean {
  const tier = tiers.find(({ id }) => id === server.tierId)
  return tier?.balancer === undefined || server.traffic === 'in'
}
