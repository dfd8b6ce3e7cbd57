import { hostname } from 'node:os'
import type { ServerGroup } from '../domain/management-unit.ts'
import { groupParser, schemas } from '../domain/parsers.ts'
import type { Parser } from '../domain/plain.ts'
import type { Plan } from '../domain/plan.ts'
import type { Principal } from '../domain/principal.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { acceptTraces } from '../engine/accepted-traces.ts'
import { checkPlan } from '../engine/check-plan.ts'
import { unitsOf } from '../engine/claims.ts'
import { keys } from '../engine/documents.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import type { EngineOptions } from '../engine/engine-options.ts'
import { createLimiter } from '../engine/limiter.ts'
import { progressOf } from '../engine/load-progress.ts'
import { lookAtWorld } from '../engine/look.ts'
import { makePlan } from '../engine/make-plan.ts'
import { DEFAULT_TIMING, type Timing } from '../engine/timing.ts'
import { createUnitBalancers } from '../engine/unit-balancers.ts'
import { VmunitError } from '../errors/index.ts'
import { systemClock } from '../internal/system-clock.ts'
import { BUILT_IN_OPERATIONS } from '../operations/built-in-operations.ts'
import type {
  BalancerConnector,
  Call,
  Clock,
  GuestAccess,
  HypervisorDriver,
  LoadBalancer,
  Operation,
  Run,
  StateStore,
} from '../ports/index.ts'
import { compactRuns } from './compact-runs.ts'
import { createDefinitions } from './definitions.ts'
import { explainServer } from './explain.ts'
import type { Manager } from './manager.ts'
import { claimStore } from './manager-identity.ts'
import { parseInput } from './parse-input.ts'
import { answerRequest, createRequests } from './requests.ts'
import { createTemplates } from './templates.ts'
import { findUnit, getUnit } from './unit-access.ts'
import { createUnits } from './units.ts'

/** What is persisted (`unit.hypervisor`, `tier.balancer`) are keys of these records. */
export interface ManagerOptions {
  /** The manager's id, as it stands in the markers of its machines and in its store. Default `vmunit`. */
  readonly id?: string | undefined
  readonly hypervisors: Readonly<Record<string, HypervisorDriver>>
  readonly balancers?: Readonly<Record<string, LoadBalancer>> | undefined
  /** Opens the load balancers that definition directories bring with them (`lb.use=:unit:`); absent: those are refused. */
  readonly connectBalancer?: BalancerConnector | undefined
  readonly guests: GuestAccess
  readonly store: StateStore
  readonly principal: Principal
  /** Your own, beside the built-in ones, which are always there. */
  readonly operations?: readonly Operation[] | undefined
  readonly timing?: Partial<Timing> | undefined
  readonly clock?: Clock | undefined
  /** How many steps one run may have in flight. Default 64. */
  readonly maxStepsInFlight?: number | undefined
}

const idParser: Parser<string> = schemas.name

/**
 * Creates a manager over these ports; opens nothing and looks at nothing yet.
 *
 * Closing it pauses the runs that this process moves at their next safe points. Ports and store belong to the caller,
 * who closes them afterwards.
 */
export function createManager(options: ManagerOptions): Manager {
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
    guests,
    clock,
    timing: { ...DEFAULT_TIMING, ...options.timing },
    operations,
    limiters: new Map(Object.keys(hypervisors).map((name) => [name, createLimiter()])),
    maxStepsInFlight,
  }
  return managerFor(options.principal, {
    options: engineOptions,
    engine: createEngine(engineOptions),
    isClosed: { value: false },
    claimed: { value: undefined },
  })
}

interface Shared {
  readonly options: EngineOptions
  readonly engine: Engine
  readonly isClosed: { value: boolean }
  readonly claimed: { value: Promise<void> | undefined }
}

function managerFor(principal: Principal, shared: Shared): Manager {
  const { options, engine, isClosed, claimed } = shared
  const { store, hypervisors, balancers, unitBalancers, manager } = options

  /** Every way in passes here: the manager is open, and the store is its own. */
  async function enter(call: Call = {}): Promise<void> {
    if (isClosed.value) throw new VmunitError('ERR_CLOSED', 'The manager is closed. Create a new one.')
    call.signal?.throwIfAborted()
    claimed.value ??= claimStore(store, manager).catch((error: unknown) => {
      claimed.value = undefined
      throw error
    })
    await claimed.value
  }

  async function plan<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    call: Call = {},
  ): Promise<Plan<Output>> {
    await enter(call)
    const parsed = parseInput(operation.input, input, operation.name)
    const scope = operation.scope?.(parsed)
    checkRole()
    if (scope?.unit !== undefined) await getUnit({ store, principal }, scope.unit, call)
    const world = await lookAtWorld({ store, manager, principal, hypervisors, balancers, unitBalancers, scope }, call)
    return makePlan(operation, parsed, { draft: operation.plan(parsed, world), manager })
  }

  async function start<Output>(
    given: Plan<Output>,
    call: Call & { readonly approval?: 'required' | undefined; readonly waitMs?: number | undefined } = {},
  ): Promise<Run<Output>> {
    await enter(call)
    const checked = checkPlan(given, manager)
    await checkRights(checked, call)
    const run = await engine.start({ plan: checked, principal, approval: call.approval === 'required' }, call)
    if (call.waitMs !== undefined) await untilEndOr(run, options.clock, call.waitMs)
    return run
  }

  /** A plan may come from somebody with more rights: who starts it needs the rights too. */
  async function checkRights(checked: Plan, call: Call): Promise<void> {
    checkRole()
    for (const unit of unitsOf(checked)) await getUnit({ store, principal }, unit, call)
  }

  function checkRole(): void {
    if (principal.role !== 'resourceManager') return
    throw new VmunitError('ERR_PERMISSION_DENIED', `${principal.name} (resourceManager) may not plan or start runs.`)
  }

  function checkAdministrator(what: string): void {
    if (principal.role === 'administrator') return
    throw new VmunitError('ERR_PERMISSION_DENIED', `${principal.name} (${principal.role}) may not ${what}.`)
  }

  return {
    units: guarded(createUnits({ store, principal, hypervisors }), enter),
    templates: guarded(createTemplates({ store, principal, hypervisors }), enter),
    definitions: guarded(createDefinitions({ store, principal }), enter),
    requests: guarded(createRequests({ store }), enter),
    as: (other) => managerFor(other, shared),
    plan,
    start,
    async execute(operation, input, call = {}) {
      const run = await start(await plan(operation, input, call), call)
      return await run.result()
    },
    async run(id, call = {}) {
      await enter(call)
      return await readable(await engine.run(id, principal, call), call)
    },
    async *runs(filter = {}, call = {}) {
      await enter(call)
      for await (const { key } of store.list('run/', call)) {
        const run = await engine.run(key.slice('run/'.length), principal, call)
        if (filter.unit !== undefined && !unitsOf(run.plan).includes(filter.unit)) continue
        if (filter.states !== undefined && !filter.states.includes((await run.state(call)).state)) continue
        if (await isReadable(run, call)) yield run
      }
    },
    async resume(id, options = {}) {
      await enter(options)
      if (id !== undefined) await readable(await engine.run(id, principal, options), options)
      return await engine.resume(principal, id, options)
    },
    async explain(id, server, call = {}) {
      await enter(call)
      const run = await readable(await engine.run(id, principal, call), call)
      const events = await Array.fromAsync(run.events({ follow: false, ...call }))
      const group = await groupOf(run, server, call)
      return explainServer(server, { events, progress: progressOf(id, events), status: await run.state(call), group })
    },
    async acceptTraces(operationIds, call = {}) {
      await enter(call)
      checkAdministrator('accept traces')
      await acceptTraces(store, { operationIds, by: principal.name }, call)
    },
    async compact(policy, call = {}) {
      await enter(call)
      checkAdministrator('compact runs')
      return await compactRuns(options, policy, call)
    },
    async answer(request, { approve, planHash }, call = {}) {
      await enter(call)
      await answerRequest(store, { request, approve, planHash, principal }, call)
    },
    async close() {
      isClosed.value = true
      await engine.close()
      await unitBalancers?.close()
    },
    async [Symbol.asyncDispose]() {
      await this.close()
    },
  }

  /** The record of the group that a server of a run belongs to; a run that is about no unit has none. */
  async function groupOf({ plan }: Run, server: string, call: Call): Promise<ServerGroup | undefined> {
    if (plan.unit === undefined) return undefined
    const [document] = await store.get([keys.group(plan.unit, groupOfSlot(server))], call)
    return document && groupParser.parse(document.value)
  }

  async function isReadable(run: Run, call: Call): Promise<boolean> {
    const found = await Promise.all(unitsOf(run.plan).map((name) => findUnit({ store, principal }, name, call)))
    return found.every((record) => record !== undefined)
  }

  async function readable(run: Run, call: Call): Promise<Run> {
    if (await isReadable(run, call)) return run
    throw new VmunitError('ERR_NOT_FOUND', `There is no run ${run.id} that ${principal.name} may see.`, {
      details: { run: run.id },
    })
  }
}

/** Waits for the end of a run, however it ends, but not longer. */
async function untilEndOr(run: Run, clock: Clock, waitMs: number): Promise<void> {
  const over = new AbortController()
  const waits = [run.result({ signal: over.signal }), clock.sleep(waitMs, { signal: over.signal })]
  await Promise.race(waits.map((wait) => wait.catch(() => {})))
  over.abort()
  await Promise.allSettled(waits)
}

/** Lets every method pass through `enter` first. */
function guarded<Records extends object>(records: Records, enter: (call?: Call) => Promise<void>): Records {
  const entries = Object.entries(records) as [string, (...given: unknown[]) => Promise<unknown>][]
  const methods = entries.map(([name, method]) => [
    name,
    async (...given: unknown[]): Promise<unknown> => {
      await enter()
      return await method(...given)
    },
  ])
  return Object.fromEntries(methods) as Records
}
