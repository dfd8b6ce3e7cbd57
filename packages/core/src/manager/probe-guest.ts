import { DEFAULT_AGENT_PORT } from '../domain/group-declaration.ts'
import type { VirtualServer } from '../domain/management-unit.ts'
import type { ApplicationCommands } from '../domain/tier.ts'
import type { Observation } from '../domain/unit-status.ts'
import type { Call, Clock, Guest, GuestTarget, Machine } from '../ports/index.ts'
import type { ManagerContext } from './manager-context.ts'

/** How long a guest may take to let the manager in. */
const OPEN_LIMIT_MS = 15_000

/** How long a health command may run. */
const HEALTH_LIMIT_MS = 15_000

interface Probed {
  readonly server: VirtualServer
  /** Absent for a server that is known by its address only. */
  readonly machine: Machine | undefined
  readonly application: ApplicationCommands | undefined
}

/** Asks a guest whether it lets the manager in and whether its application serves. Only an abort rejects. */
export async function probeGuest(
  { guests, clock }: Pick<ManagerContext['ports'], 'guests' | 'clock'>,
  { server, machine, application }: Probed,
  call: Call,
): Promise<Pick<Observation, 'status' | 'access' | 'problem'>> {
  const target: GuestTarget = {
    address: server.address,
    port: server.port === DEFAULT_AGENT_PORT ? undefined : server.port,
    hostKeys: machine?.hostKeys ?? [],
    refusedHostKeys: machine?.imageHostKeys,
  }
  let guest: Guest
  try {
    guest = await within(clock, { ms: OPEN_LIMIT_MS, call }, (limited) => guests.open(target, limited))
  } catch (error) {
    call.signal?.throwIfAborted()
    return {
      status: 'unknown',
      access: 'offline',
      problem: `its guest does not let the manager in: ${messageOf(error)}`,
    }
  }
  try {
    return { access: 'online', ...(await askApplication(guest, { clock, application }, call)) }
  } finally {
    // What was found stands, however the connection ends.
    await guest.close().catch(() => {})
  }
}

async function askApplication(
  guest: Guest,
  { clock, application }: { readonly clock: Clock; readonly application: ApplicationCommands | undefined },
  call: Call,
): Promise<Pick<Observation, 'status' | 'problem'>> {
  if (application === undefined) return { status: 'operating', problem: 'its tier has no application' }
  const command = { argv: application.health, timeoutMs: HEALTH_LIMIT_MS }
  const limit = { ms: HEALTH_LIMIT_MS + OPEN_LIMIT_MS, call }
  try {
    const { exitCode } = await within(clock, limit, (limited) => guest.exec(command, limited))
    if (exitCode === 0) return { status: 'working' }
    return { status: 'stopped', problem: `"${application.health.join(' ')}" ended with exit code ${exitCode}` }
  } catch (error) {
    call.signal?.throwIfAborted()
    return { status: 'operating', problem: `its application does not answer: ${messageOf(error)}` }
  }
}

/** Does work with a limit of its own, beside the caller's signal. */
async function within<T>(
  clock: Clock,
  { ms, call }: { readonly ms: number; readonly call: Call },
  work: (limited: Call) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const late = new AbortController()
  const signal = AbortSignal.any([late.signal, ...(call.signal === undefined ? [] : [call.signal])])
  const limit = clock.sleep(ms, { signal: over.signal }).then(
    () => late.abort(new Error(`no answer within ${ms / 1000} s`)),
    () => {},
  )
  try {
    return await work({ signal })
  } finally {
    over.abort()
    await limit
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
