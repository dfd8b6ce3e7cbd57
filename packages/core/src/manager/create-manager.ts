import { hostname } from 'node:os'
import type { ManagementUnit, ServerGroup } from '../domain/management-unit.ts'
import { groupParser, schemas } from '../domain/parsers.ts'
import type { Parser } from '../domain/plain.ts'
import type { Plan } from '../domain/plan.ts'
import type { Principal } from '../domain/principal.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { acceptTraces } from '../engine/accepted-traces.ts'
import { checkPlan } from '../engine/check-plan.ts'
import { unitsOf } from '../engine/claims.ts'
import { keys, type RequestDocument, requestParser } from '../engine/documents.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import type { EngineOptions } from '../engine/engine-options.ts'
import { createLimiter } from '../engine/limiter.ts'
import { progressOf } from '../engine/load-progress.ts'
import { loadRun } from '../engine/load-run.ts'
import { lookAtWorld } from '../engine/look.ts'
import { makePlan } from '../engine/make-plan.ts'
import { DEFAULT_TIMING } from '../engine/timing.ts'
import { createUnitBalancers } from '../engine/unit-balancers.ts'
import { VmunitError } from '../errors/index.ts'
import { systemClock } from '../internal/system-clock.ts'
import { BUILT_IN_OPERATIONS } from '../operations/built-in-operations.ts'
import type { Call, Clock, Operation, Run } from '../ports/index.ts'
import { type AccessOptions, accessOptions } from './access-options.ts'
import { createAccounts } from './accounts.ts'
import { answerRequest } from './answer-request.ts'
import { createArchives } from './archives.ts'
import { readAudit } from './audit/audit-records.ts'
import { type AuditOptions, audited } from './audit/audited.ts'
import { type Admission, authenticate, checkAdmission } from './authenticate.ts'
import { checkGivenPlan, checkOperation, checkOptions } from './check-arguments.ts'
import { compactRuns } from './compact-runs.ts'
import { createDefinitions } from './definitions.ts'
import { diagnose } from './diagnose/diagnose.ts'
import { explainServer } from './explain.ts'
import { guarded } from './guarded.ts'
import { watchLoad } from './load/watch-load.ts'
import type { Manager } from './manager.ts'
import type { ManagerContext } from './manager-context.ts'
import { claimStore, type ManagerIdentity } from './manager-identity.ts'
import type { ManagerOptions } from './manager-options.ts'
import { createNotices } from './notices/notices.ts'
import { parseInput } from './parse-input.ts'
import { principalParser } from './principal-parser.ts'
import { removeManager } from './remove-manager.ts'
import { createRequests } from './requests.ts'
import { checkAdministrator, checkMayWork, principalUnder } from './rights.ts'
import { runHeads } from './run-heads.ts'
import { checkMayMove, checkReadable, isReadable, runFor } from './run-rights.ts'
import { createTemplates } from './templates.ts'
import { getUnitToWorkOn, readUnit } from './unit-access.ts'
import { createUnits } from './units.ts'

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

/** Lets a principal in that the embedding program vouches for. */
function admit(access: AccessOptions, principal: Principal): Admission {
  return { principal: principalUnder(access, parseInput(principalParser, principal, 'a manager (principal)')) }
}

interface Shared {
  readonly options: EngineOptions
  readonly access: AccessOptions
  readonly audit: Pick<AuditOptions, 'scope' | 'count'> | undefined
  readonly engine: Engine
  readonly isClosed: { value: boolean }
  readonly claimed: { value: Promise<ManagerIdentity> | undefined }
}

function managerFor(admission: Admission, shared: Shared): Manager {
  const { options, access, audit, engine, isClosed, claimed } = shared
  const { store, hypervisors, balancers, unitBalancers, manager } = options
  const { principal } = admission
  const context: ManagerContext = { principal, ports: options, access }
  const asked = { store, principal }
  // Whoever came in by a secret goes out alone: the manager stays open for the others.
  const isOver = admission.isOver ?? isClosed

  async function identity(): Promise<ManagerIdentity> {
    claimed.value ??= claimStore(store, manager).catch((error: unknown) => {
      claimed.value = undefined
      throw error
    })
    return await claimed.value
  }

  /** Every way in passes here: the manager is open, the store is its own, and who came in may still be here. */
  async function enter(call: Call = {}): Promise<void> {
    if (isClosed.value || isOver.value) throw new VmunitError('ERR_CLOSED', 'The manager is closed. Create a new one.')
    call.signal?.throwIfAborted()
    await identity()
    await checkAdmission(store, admission, call)
  }

  async function plan<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    call: Call = {},
  ): Promise<Plan<Output>> {
    checkOperation(operation)
    await enter(call)
    const parsed = parseInput(operation.input, input, operation.name)
    const scope = operation.scope?.(parsed)
    checkMayWork(principal, 'plan or start runs')
    if (scope?.unit !== undefined) await getUnitToWorkOn(asked, scope.unit, call)
    const hasAddressPool = options.addresses !== undefined
    const ports = { store, hypervisors, balancers, unitBalancers }
    const world = await lookAtWorld({ ...ports, manager, principal, hasAddressPool, scope }, call)
    const { planKey: key } = await identity()
    return makePlan(operation, parsed, { draft: operation.plan(parsed, world), manager, key })
  }

  async function start<Output>(
    given: Plan<Output>,
    call: Call & { readonly approval?: 'required' | undefined; readonly waitMs?: number | undefined } = {},
  ): Promise<Run<Output>> {
    checkGivenPlan(given)
    await enter(call)
    const { planKey: key } = await identity()
    const checked = checkPlan(given, { manager, key })
    await checkRights(checked, call)
    const approval = call.approval === 'required'
    const run = await engine.start({ plan: checked, principal, approval, units: unitsOf(checked) }, call)
    if (call.waitMs !== undefined) await untilEndOr(run, options.clock, call.waitMs)
    return runFor({ ...asked, enter }, run)
  }

  /** A plan may come from somebody with more rights: who starts it needs the rights too. */
  async function checkRights(checked: Plan, call: Call): Promise<void> {
    checkMayWork(principal, 'plan or start runs')
    for (const unit of unitsOf(checked)) await getUnitToWorkOn(asked, unit, call)
  }

  /**
   * A second person need not own the unit; where a directory says who may work on it, that counts. The resource manager
   * works on no unit: which requests that is for, the answer itself checks.
   */
  async function checkMayAnswer(request: string, call: Call): Promise<void> {
    if (principal.grants === undefined || principal.role === 'resourceManager') return
    const [document] = await store.get([keys.request(request)], call)
    if (document === undefined) return
    const { run } = requestParser.parse(document.value)
    await checkMayMove(asked, await engine.run(run, principal, call), call)
  }

  /** A request is about what its run is about; a resource manager sees no runs, only what is asked of that role. */
  async function maySeeRequest({ kind, run }: RequestDocument, call: Call): Promise<boolean> {
    if (principal.role === 'resourceManager') return kind === 'resources'
    if (principal.role === 'administrator') return true
    return await isReadable(asked, await engine.run(run, principal, call), call)
  }

  const open: Manager = {
    accounts: guarded(createAccounts(context), enter),
    units: guarded(createUnits(context), enter),
    templates: guarded(createTemplates({ store, principal, hypervisors }), enter),
    definitions: guarded(createDefinitions({ store, principal }), enter),
    requests: guarded(createRequests({ store, maySee: maySeeRequest }), enter),
    notices: guarded(
      createNotices({ store, clock: options.clock, timing: options.timing, owner: options.owner, principal }),
      enter,
    ),
    archives: createArchives({ store, enter }),
    as(other) {
      // Who came in by a password has the rights that it proves, and no way to more of them.
      if (admission.isOver !== undefined) checkAdministrator(principal, 'act for others')
      return managerFor({ ...admit(access, other), by: admission, isOver: admission.isOver }, shared)
    },
    async authenticate(name, secret, call = {}) {
      await enter(call)
      const proved = await authenticate({ store, access }, { name, secret }, call)
      const isOver = { value: false }
      return managerFor({ ...proved, principal: principalUnder(access, proved.principal), isOver }, shared)
    },
    plan,
    start,
    async execute(operation, input, call = {}) {
      const run = await start(await plan(operation, input, call), call)
      return await run.result()
    },
    async run(id, call = {}) {
      await enter(call)
      const run = await engine.run(id, principal, call)
      await checkReadable(asked, run, call)
      return runFor({ ...asked, enter }, run)
    },
    async *runs(filter = {}, call = {}) {
      await enter(call)
      for await (const { key } of runHeads(store, filter, call)) {
        const run = await engine.run(key.slice('run/'.length), principal, call)
        if (filter.unit !== undefined && !unitsOf(run.plan).includes(filter.unit)) continue
        if (filter.states !== undefined && !filter.states.includes((await run.state(call)).state)) continue
        if (await isReadable(asked, run, call)) yield runFor({ ...asked, enter }, run)
      }
    },
    async resume(id, options = {}) {
      await enter(options)
      checkMayWork(principal, 'resume runs')
      const one = id === undefined ? undefined : await engine.run(id, principal, options)
      if (one !== undefined) await checkMayMove(asked, one, options)
      const runs = await engine.resume(principal, one, options)
      // What is due is moved whosever it is; who asked gets hold of what that person may see.
      const readable = await Promise.all(runs.map(async (run) => await isReadable(asked, run, options)))
      return runs.filter((_run, index) => readable[index]).map((run) => runFor({ ...asked, enter }, run))
    },
    async explain(id, server, call = {}) {
      await enter(call)
      const run = await engine.run(id, principal, call)
      await checkReadable(asked, run, call)
      const events = await Array.fromAsync(run.events({ follow: false, ...call }))
      const group = await groupOf(run, server, call)
      const progress = events.length === 0 ? await loadRun(store, id, call) : progressOf(id, events)
      return explainServer(server, { events, progress, status: await run.state(call), group })
    },
    async acceptTraces(operationIds, call = {}) {
      await enter(call)
      checkAdministrator(principal, 'accept traces')
      await acceptTraces(store, { operationIds, by: principal.name }, call)
    },
    async compact(policy, call = {}) {
      await enter(call)
      checkAdministrator(principal, 'compact runs')
      return await compactRuns(options, policy, call)
    },
    async answer(request, answer, call = {}) {
      await enter(call)
      await checkMayAnswer(request, call)
      await answerRequest(store, { ...answer, request, principal }, call)
    },
    async diagnose(input, call = {}) {
      await enter(call)
      return await diagnose({ engine: options, access: asked }, input, call)
    },
    async *watchLoad(watch) {
      // Before every measurement: it runs a command in the guests, and may go on for months.
      const readOwn = async (name: string, call: Call): Promise<ManagementUnit> => {
        await enter(call)
        await getUnitToWorkOn(asked, name, call)
        return await readUnit(asked, name, call)
      }
      yield* watchLoad({ engine: options, readUnit: readOwn }, watch)
    },
    async *audit(filter = {}, call = {}) {
      await enter(call)
      checkAdministrator(principal, 'read the audit, which tells of everybody')
      yield* readAudit(store, filter, call)
    },
    async remove(call = {}) {
      await enter(call)
      await removeManager(store, principal, call)
      isOver.value = true
      await closeAll()
    },
    async close() {
      isOver.value = true
      if (isOver === isClosed) await closeAll()
    },
    async [Symbol.asyncDispose]() {
      await this.close()
    },
  }
  return audit === undefined ? open : audited(open, { ...audit, store, principal, logger: options.logger, enter })

  async function closeAll(): Promise<void> {
    isClosed.value = true
    await engine.close()
    await unitBalancers?.close()
  }

  /** The record of the group that a server of a run belongs to; a run that is about no unit has none. */
  async function groupOf({ plan }: Run, server: string, call: Call): Promise<ServerGroup | undefined> {
    if (plan.unit === undefined) return undefined
    const [document] = await store.get([keys.group(plan.unit, groupOfSlot(server))], call)
    return document && groupParser.parse(document.value)
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
