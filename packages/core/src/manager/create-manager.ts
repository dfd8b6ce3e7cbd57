import { hostname } from 'node:os'
import { schemas } from '../domain/parsers.ts'
import type { Parser } from '../domain/plain.ts'
import { createEngine } from '../engine/engine.ts'
import type { EngineOptions } from '../engine/engine-options.ts'
import { createLimiter } from '../engine/limiter.ts'
import { DEFAULT_TIMING } from '../engine/timing.ts'
import { createUnitBalancers } from '../engine/unit-balancers.ts'
import { systemClock } from '../internal/system-clock.ts'
import { BUILT_IN_OPERATIONS } from '../operations/built-in-operations.ts'
import { accessOptions } from './access-options.ts'
import { checkOptions } from './check-arguments.ts'
import type { Manager } from './manager.ts'
import { admit, managerFor } from './manager-for.ts'
import type { ManagerOptions } from './manager-options.ts'
import { parseInput } from './parse-input.ts'

const idParser: Parser<string> = schemas.name

/**
 * Creates a manager over these ports; opens nothing and looks at nothing yet.
 *
 * Closing it pauses the runs that this process moves at their next safe points. Ports and store belong to the caller,
 * who closes them afterwards.
 *
 * @throws {@link VmunitError} `ERR_INVALID_INPUT` that names the option; a `TypeError` where one is missing or a promise.
 */
export function createManager(options: ManagerOptions): Manager {
  checkOptions(options)
  const id = parseInput(idParser, options.id ?? 'vmunit', 'createManager (id)')
  const { hypervisors, balancers = {}, guests, store, clock = systemClock, maxStepsInFlight = 64 } = options
  const { connectBalancer: connect } = options
  const unitBalancers = connect === undefined ? undefined : createUnitBalancers({ store, connect })
  const all = [...BUILT_IN_OPERATIONS, ...(options.operations ?? [])]
  const operations = new Map(all.map((operation) => [`${operation.name}@${operation.version}`, operation]))
  const engineOptions: EngineOptions = {
    manager: id,
    owner: `${hostname()} ${process.pid}`,
    store,
    hypervisors,
    balancers,
    unitBalancers,
    addresses: options.addresses,
    guests,
    clock,
    logger: options.logger,
    timing: { ...DEFAULT_TIMING, ...options.timing },
    operations,
    limiters: new Map(Object.keys(hypervisors).map((name) => [name, createLimiter()])),
    maxStepsInFlight,
  }
  const access = accessOptions(options)
  return managerFor(admit(access, options.principal), {
    options: engineOptions,
    access,
    audit: options.audit && { scope: options.audit, count: { value: 0 } },
    engine: createEngine(engineOptions),
    isClosed: { value: false },
    claimed: { value: undefined },
  })
}
