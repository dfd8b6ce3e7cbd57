import { DEFAULT_AGENT_PORT } from '../../domain/group-declaration.ts'
import type { ManagementUnit, VirtualServer } from '../../domain/management-unit.ts'
import type { Argv } from '../../domain/tier.ts'
import { configured } from '../../engine/configured.ts'
import type { EngineOptions } from '../../engine/engine-options.ts'
import { createLimiter } from '../../engine/limiter.ts'
import { isVmunitError } from '../../errors/index.ts'
import type { Call, Machine } from '../../ports/index.ts'

export interface ServerLoad {
  /** The slot. */
  readonly server: string
  /** Absent: it could not be measured. */
  readonly value?: number | undefined
  /** Why it could not. */
  readonly problem?: string | undefined
}

export interface Measuring extends Call {
  readonly tier?: string | undefined
  readonly command: Argv
  readonly timeoutMs?: number | undefined
}

const AT_ONCE = 16

/** Runs the command in the guest of every working server, and reads the number that it prints. */
export async function measureLoad(
  engine: EngineOptions,
  unit: ManagementUnit,
  { tier, command, timeoutMs = 10_000, signal }: Measuring,
): Promise<readonly ServerLoad[]> {
  const servers = unit.groups
    .flatMap((group) => group.servers)
    .filter(({ status, tierId }) => status === 'working' && (tier === undefined || tierId === tier))
  const hypervisor = configured(new Map(Object.entries(engine.hypervisors)), 'hypervisor', unit.hypervisor)
  const ids = servers.flatMap(({ machine }) => machine?.id ?? [])
  let machines: readonly Machine[]
  try {
    machines = (await hypervisor.inventory({ ids }, { signal })).machines
  } catch (error) {
    signal?.throwIfAborted()
    if (!isVmunitError(error) || !error.retryable) throw error
    return servers.map(({ slot }) => ({ server: slot, problem: error.message }))
  }
  const limiter = createLimiter()

  async function measure(server: VirtualServer): Promise<ServerLoad> {
    const limit = AbortSignal.timeout(timeoutMs)
    const call = { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) }
    const machine = machines.find(({ id }) => id === server.machine?.id)
    try {
      await using guest = await engine.guests.open(targetOf(server, machine), call)
      const { exitCode, stdout } = await guest.exec({ argv: command, timeoutMs }, call)
      const text = new TextDecoder().decode(stdout).trim()
      const value = exitCode === 0 && text !== '' ? Number(text) : Number.NaN
      if (Number.isFinite(value)) return { server: server.slot, value }
      const problem = `"${command.join(' ')}" ended with exit code ${exitCode} and printed "${text.slice(0, 80)}"`
      return { server: server.slot, problem }
    } catch (error) {
      signal?.throwIfAborted()
      return { server: server.slot, problem: error instanceof Error ? error.message : String(error) }
    }
  }

  return await Promise.all(
    servers.map((server) =>
      limiter.run([{ resource: 'servers', units: 1, capacity: AT_ONCE }], () => measure(server), { signal }),
    ),
  )
}

function targetOf({ address, port }: VirtualServer, machine: Machine | undefined) {
  return {
    address,
    port: port === DEFAULT_AGENT_PORT ? undefined : port,
    hostKeys: machine?.hostKeys ?? [],
    refusedHostKeys: machine?.imageHostKeys,
  }
}
