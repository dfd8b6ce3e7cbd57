import type { Plan } from '../domain/plan.ts'
import type { Principal } from '../domain/principal.ts'
import { checkPlan } from '../engine/check-plan.ts'
import { unitsOf } from '../engine/claims.ts'
import type { Engine } from '../engine/engine.ts'
import type { EngineOptions } from '../engine/engine-options.ts'
import { lookAtWorld } from '../engine/look.ts'
import { makePlan } from '../engine/make-plan.ts'
import type { Call, Clock, Operation, Run } from '../ports/index.ts'
import { checkGivenPlan, checkOperation } from './check-arguments.ts'
import type { Manager } from './manager.ts'
import type { ManagerIdentity } from './manager-identity.ts'
import { parseInput } from './parse-input.ts'
import { checkMayWork } from './rights.ts'
import { runFor } from './run-rights.ts'
import { getUnitToWorkOn } from './unit-access.ts'

/** What planning and the looks at runs need, in the name of one principal. */
export interface Asking {
  readonly principal: Principal
  readonly options: EngineOptions
  readonly engine: Engine
  /** Lets nobody in who may not be here. */
  readonly enter: (call?: Call) => Promise<void>
  readonly identity: () => Promise<ManagerIdentity>
}

/** Makes plans, and starts them. */
export function createPlanning({
  principal,
  options,
  engine,
  enter,
  identity,
}: Asking): Pick<Manager, 'plan' | 'start' | 'execute'> {
  const { store, hypervisors, balancers, unitBalancers, manager } = options
  const asked = { store, principal }

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

  return {
    plan,
    start,
    async execute(operation, input, call = {}) {
      const run = await start(await plan(operation, input, call), call)
      return await run.result()
    },
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
