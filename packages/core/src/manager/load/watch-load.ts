import type { ManagementUnit } from '../../domain/management-unit.ts'
import type { Plan } from '../../domain/plan.ts'
import type { Argv } from '../../domain/tier.ts'
import type { EngineOptions } from '../../engine/engine-options.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Call } from '../../ports/index.ts'
import { measureLoad, type ServerLoad } from './measure-load.ts'

export interface WatchLoad<Output> extends Call {
  readonly unit: string
  /** Only servers of this tier; default all. Only working ones are asked. */
  readonly tier?: string | undefined
  /** Prints one number: run in each guest, as often as it takes. */
  readonly command: Argv
  /** The load that is too much, as the average over the servers. */
  readonly above: number
  /** How often in a row it must be. Default 3. */
  readonly times?: number | undefined
  /** How long between two measurements. Default 60,000. */
  readonly everyMs?: number | undefined
  /** How long one server may take to answer. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** Plans what would help, such as one group more. Nothing is started. */
  readonly propose: (load: MeasuredLoad) => Promise<Plan<Output>>
}

export interface MeasuredLoad {
  /** The average over the servers that answered. */
  readonly average: number
  readonly servers: readonly ServerLoad[]
}

/** What would help against too much load. A person, or a program that may, starts the plan. */
export interface LoadProposal<Output> {
  readonly load: MeasuredLoad
  readonly plan: Plan<Output>
}

export interface LoadSources {
  readonly engine: EngineOptions
  readonly readUnit: (name: string, call: Call) => Promise<ManagementUnit>
}

/**
 * Measures a unit's load until `signal` aborts, and proposes a plan whenever it was too much so often in a row.
 *
 * After a proposal it counts anew. A measurement in which no server answered counts for nothing.
 */
export async function* watchLoad<Output>(
  { engine, readUnit }: LoadSources,
  options: WatchLoad<Output>,
): AsyncGenerator<LoadProposal<Output>, void, undefined> {
  const { above, times = 3, everyMs = 60_000, signal } = options
  if (!Number.isFinite(above) || !Number.isSafeInteger(times) || times < 1 || everyMs < 1) {
    throw new VmunitError('ERR_INVALID_INPUT', '"above" is a number, "times" and "everyMs" are whole numbers from 1.')
  }
  for (let inARow = 0; ; ) {
    const unit = await readUnit(options.unit, { signal })
    const load = averageOf(await measureLoad(engine, unit, options))
    if (load !== undefined) inARow = load.average > above ? inARow + 1 : 0
    if (load !== undefined && inARow >= times) {
      yield { load, plan: await options.propose(load) }
      inARow = 0
    }
    await engine.clock.sleep(everyMs, { signal })
  }
}

function averageOf(servers: readonly ServerLoad[]): MeasuredLoad | undefined {
  const values = servers.flatMap(({ value }) => value ?? [])
  if (values.length === 0) return undefined
  return { average: values.reduce((sum, value) => sum + value, 0) / values.length, servers }
}
