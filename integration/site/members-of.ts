import type { World } from '@vmunit/core/testing'
import type { SiteMember } from './site.ts'

/** The members of all pools of the load balancer of a world. */
export async function membersOf({ admin }: World): Promise<readonly SiteMember[]> {
  const pools = await admin.pools()
  return pools.flatMap(({ name: pool, members }) =>
    members.map(({ slot, address, traffic }) => ({ pool, name: slot, address, traffic })),
  )
}
