import { setTimeout } from 'node:timers/promises'
import type { Site, SiteMember } from '../site/site.ts'

/** How often users come. */
const INTERVAL_MS = 50

/** What happened to the users of a load balancer. */
export interface UsersRecord {
  /** How often each pool had users. */
  readonly rounds: number
  /** Pools that had nobody to send a user to, and members that did not answer one: `pool` or `pool name`. */
  readonly unserved: readonly string[]
}

export interface UsersWatch extends AsyncDisposable {
  stop(): Promise<UsersRecord>
}

/** Users of these pools: each goes where the load balancer sends traffic at that moment, to every such member. */
export function watchUsers(site: Site, pools: readonly string[]): UsersWatch {
  const unserved = new Set<string>()
  const stopping = new AbortController()
  let rounds = 0

  async function look(): Promise<void> {
    const members = await taking(site)
    rounds += 1
    for (const pool of pools) if (!members.some((member) => member.pool === pool)) unserved.add(pool)
    const asked = members.filter(({ pool }) => pools.includes(pool))
    const silent = await Promise.all(asked.map(async (member) => ((await site.serves(member.address)) ? [] : [member])))
    if (silent.flat().length === 0) return
    // Whom the load balancer has taken out meanwhile, it asks no user to go to.
    const still = new Set((await taking(site)).map(idOf))
    for (const member of silent.flat()) if (still.has(idOf(member))) unserved.add(`${member.pool} ${member.name}`)
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await look()
      await setTimeout(INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  const watching = watch()
  return {
    async stop() {
      stopping.abort()
      await watching
      return { rounds, unserved: [...unserved] }
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await watching.catch(() => {})
    },
  }
}

async function taking(site: Site): Promise<readonly SiteMember[]> {
  return (await site.members()).filter(({ traffic }) => traffic === 'in')
}

function idOf({ pool, name, address }: SiteMember): string {
  return `${pool} ${name} ${address}`
}
