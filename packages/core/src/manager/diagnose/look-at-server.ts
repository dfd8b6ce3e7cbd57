import { DEFAULT_AGENT_PORT } from '../../domain/group-declaration.ts'
import type { VirtualServer } from '../../domain/management-unit.ts'
import type { Tier } from '../../domain/tier.ts'
import { isVmunitError } from '../../errors/index.ts'
import type { Call, GuestAccess, Machine, PoolMember } from '../../ports/index.ts'

/** What can be seen of one server from where the manager is. */
export interface ServerSight {
  readonly server: VirtualServer
  readonly tier: Tier
  /** `unseen`: a part of the hypervisor did not answer. */
  readonly machine: Machine | 'absent' | 'unbound' | 'unseen'
  readonly access: Access
  /** Where the tier has a pool: the member, or `absent`. */
  readonly member?: PoolMember | 'absent' | undefined
}

export type Access =
  | { readonly type: 'notTried' }
  | { readonly type: 'unreachable'; readonly refused: boolean; readonly says: string }
  | { readonly type: 'notLetIn'; readonly code: string; readonly says: string }
  | { readonly type: 'reached'; readonly health: 'healthy' | 'notAsked' | { readonly says: string } }

export interface Probe {
  readonly guests: GuestAccess
  /** How long one server may take to answer. */
  readonly timeoutMs: number
}

/** Tries the way to a server: a connection, then its application. Everything it asks may be asked again. */
export async function tryAccess(
  { guests, timeoutMs }: Probe,
  { server, tier, machine }: Pick<ServerSight, 'server' | 'tier' | 'machine'>,
  { signal }: Call,
): Promise<Access> {
  const limit = AbortSignal.timeout(timeoutMs)
  const call = { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) }
  const known = typeof machine === 'string' ? undefined : machine
  const target = {
    address: server.address,
    port: server.port === DEFAULT_AGENT_PORT ? undefined : server.port,
    hostKeys: known?.hostKeys ?? [],
    refusedHostKeys: known?.imageHostKeys,
  }
  try {
    await using guest = await guests.open(target, call)
    await guest.bootId(call)
    if (server.status !== 'working') return { type: 'reached', health: 'notAsked' }
    const { exitCode } = await guest.exec({ argv: tier.application.health, timeoutMs }, call)
    const command = tier.application.health.join(' ')
    const says = `"${command}" ended with exit code ${exitCode}`
    return { type: 'reached', health: exitCode === 0 ? 'healthy' : { says } }
  } catch (error) {
    signal?.throwIfAborted()
    return judge(error, limit.aborted ? `it did not answer within ${timeoutMs / 1000} s` : undefined)
  }
}

function judge(error: unknown, late: string | undefined): Access {
  const says = late ?? (error instanceof Error ? error.message : String(error))
  const isAway = late !== undefined || isVmunitError(error, 'ERR_UNAVAILABLE', 'ERR_TIMEOUT')
  if (isAway) return { type: 'unreachable', refused: isRefused(error), says }
  return { type: 'notLetIn', code: isVmunitError(error) ? error.code : 'ERR_DRIVER', says }
}

/** A host that refuses the connection is there: it is not the network. */
function isRefused(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'ECONNREFUSED') return true
  }
  return false
}
