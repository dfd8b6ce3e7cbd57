import {
  type Account,
  type ApplyTemplateInput,
  type Authenticator,
  applyTemplate,
  attachGroups,
  createManager,
  type DefinitionComparison,
  type Definitions,
  defineOperation,
  type ErrorCode,
  exitClass,
  type FleetResult,
  type Gate,
  type GuestAccess,
  type HypervisorDriver,
  isVmunitError,
  type LoadBalancer,
  type Manager,
  mark,
  type ObservedStatus,
  type Outcome,
  type PatchTemplateResult,
  type Plan,
  type Principal,
  patchTemplate,
  type Run,
  type RunEvent,
  type RunState,
  type RunStatus,
  type ServerStatus,
  type Share,
  type StateStore,
  start,
  stop,
  type UnitInfo,
  type UnitServer,
  type UnitStatus,
  type UpdateScope,
  unmark,
  updateUnit,
  type VmunitError,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld, type World } from '@vmunit/core/testing'
import { describe, expectTypeOf, it } from 'vitest'

declare const manager: Manager
declare const operation: Parameters<Manager['plan']>[0]

// Checked by the compiler, never run.
describe('the public types', () => {
  it('what is exported can be taken in again, and compared', () => {
    expectTypeOf<Awaited<ReturnType<Definitions['export']>>>().toExtend<Parameters<Definitions['add']>[0]>()
    expectTypeOf<Awaited<ReturnType<Definitions['export']>>>().toExtend<Parameters<Definitions['compare']>[1]>()
    expectTypeOf<DefinitionComparison['scope']>().toEqualTypeOf<UpdateScope>()
  })

  it('plan, start and result carry the type of the result', async () => {
    const plan = await manager.plan(applyTemplate, { unit: 'u', template: { template: 't', version: 1 } })
    expectTypeOf(plan).toEqualTypeOf<Plan<FleetResult>>()
    const run = await manager.start(plan)
    expectTypeOf(run).toEqualTypeOf<Run<FleetResult>>()
    expectTypeOf(await run.result()).toEqualTypeOf<FleetResult>()
    expectTypeOf(
      await manager.execute(patchTemplate, { template: 't', commands: [['true']] }),
    ).toEqualTypeOf<PatchTemplateResult>()
    expectTypeOf<FleetResult['outcomes']>().toEqualTypeOf<readonly Outcome[]>()
  })

  it('the input is inferred from the operation, not from the argument', async () => {
    expectTypeOf(manager.plan<ApplyTemplateInput, FleetResult>)
      .parameter(1)
      .toEqualTypeOf<ApplyTemplateInput>()
    // @ts-expect-error a scope is all or applications
    await manager.plan(updateUnit, { unit: 'u', scope: 'none' })
    // @ts-expect-error a unit is missing
    await manager.plan(stop, {})
    // @ts-expect-error there is no such field
    await manager.plan(stop, { unit: 'u', force: true })
    // @ts-expect-error a version is a number
    await manager.plan(applyTemplate, { unit: 'u', template: { template: 't', version: '2' } })
    // @ts-expect-error a share is a number or a percentage
    const share: Share = 'half'
    expectTypeOf(share).toExtend<Share>()
    // @ts-expect-error a gate until a time names the time
    const gate: Gate = { kind: 'until' }
    expectTypeOf(gate).toExtend<Gate>()
    // @ts-expect-error a command has at least a program
    await manager.execute(patchTemplate, { template: 't', commands: [[]] })
    // @ts-expect-error a server has an address
    await manager.plan(attachGroups, { unit: 'u', groups: [{ name: 'g', servers: [{ tierId: 't', port: 1 }] }] })
    await manager.plan(start, { unit: 'u', groups: ['g'], unblock: false })
  })

  it('results and plans are read only', async () => {
    const plan = await manager.plan(stop, { unit: 'u' })
    // @ts-expect-error a plan is not edited
    plan.hash = ''
    // @ts-expect-error nor are its parts
    plan.servers.push({ server: 's', address: 'a', action: 'none', reason: '' })
    const { outcomes } = await manager.execute(stop, { unit: 'u' })
    // @ts-expect-error an outcome is a fact
    outcomes[0]!.status = 'changed'
  })

  it('a run is a view, not a promise', () => {
    expectTypeOf<Run>().not.toHaveProperty('then')
    expectTypeOf<ReturnType<Run['until']>>().resolves.toEqualTypeOf<RunStatus>()
    expectTypeOf<ReturnType<Run['events']>>().toEqualTypeOf<AsyncIterable<RunEvent>>()
    expectTypeOf<Awaited<ReturnType<Run['state']>>['state']>().toEqualTypeOf<RunState>()
    expectTypeOf(manager.runs()).toEqualTypeOf<AsyncIterable<Run>>()
  })

  it('errors narrow by code', () => {
    const error: unknown = new Error('x')
    if (isVmunitError(error)) expectTypeOf(error.code).toEqualTypeOf<ErrorCode>()
    if (isVmunitError(error, 'ERR_CLAIMED', 'ERR_LOCKED')) {
      expectTypeOf(error).toEqualTypeOf<VmunitError<'ERR_CLAIMED' | 'ERR_LOCKED'>>()
    }
    // @ts-expect-error there is no such code
    isVmunitError(error, 'ERR_NONSENSE')
    expectTypeOf(exitClass(error)).toEqualTypeOf<0 | 1 | 2 | 64>()
  })

  it('the ports of a world and the embedded store fit a manager', () => {
    const world: World = createWorld()
    expectTypeOf(world.hypervisor).toExtend<HypervisorDriver>()
    expectTypeOf(world.guests).toExtend<GuestAccess>()
    expectTypeOf(world.balancer).toExtend<LoadBalancer>()
    expectTypeOf(openSqliteStore('x')).toExtend<StateStore>()
    const principal = { name: 'user_a', role: 'builder' } as const
    const made = createManager({
      hypervisors: { main: world.hypervisor },
      guests: world.guests,
      store: openSqliteStore('x'),
      principal,
    })
    expectTypeOf(made).toEqualTypeOf<Manager>()
    // @ts-expect-error there is no such role
    manager.as({ name: 'user_a', role: 'root' })
    // @ts-expect-error guests are needed
    createManager({ hypervisors: {}, store: openSqliteStore('x'), principal })
  })

  it('people have accounts without secrets, and a manager of their own', async () => {
    expectTypeOf(await manager.accounts.list()).toEqualTypeOf<readonly Account[]>()
    expectTypeOf<keyof Account>().toEqualTypeOf<'name' | 'createdAt'>()
    expectTypeOf(await manager.authenticate('user_a', 'abcdefg8')).toEqualTypeOf<Manager>()
    expectTypeOf(manager.accounts.changePassword).parameter(0).toExtend<{ current?: string | undefined }>()
    // @ts-expect-error a password is needed
    await manager.accounts.create({ name: 'user_a' })
    // @ts-expect-error a permission is one of two
    manager.as({ name: 'user_a', role: 'builder', grants: [{ unit: '*', permission: 'all' }] })
    const directory: Authenticator = { authenticate: async (name): Promise<Principal> => ({ name, role: 'builder' }) }
    createManager({
      hypervisors: {},
      guests: createWorld().guests,
      store: openSqliteStore('x'),
      principal: { name: 'admin', role: 'administrator' },
      authenticator: directory,
    })
  })

  it('a unit is looked at from several sides', async () => {
    const status = await manager.units.status('u', { groups: ['g'], signal: AbortSignal.timeout(1) })
    expectTypeOf(status).toEqualTypeOf<UnitStatus>()
    expectTypeOf(status.servers).toEqualTypeOf<readonly ServerStatus[]>()
    expectTypeOf<ServerStatus['observed']>().toEqualTypeOf<ObservedStatus>()
    expectTypeOf<ObservedStatus>().toEqualTypeOf<'working' | 'stopped' | 'operating' | 'missing' | 'unknown'>()
    expectTypeOf(await manager.units.info('u')).toEqualTypeOf<UnitInfo>()
    expectTypeOf(await manager.units.servers('u')).toEqualTypeOf<readonly UnitServer[]>()
    expectTypeOf(await manager.execute(mark, { unit: 'u', group: 'g' })).toEqualTypeOf<FleetResult>()
    // @ts-expect-error one group at a time
    await manager.execute(unmark, { unit: 'u', groups: ['g'] })
    // @ts-expect-error a status is a fact
    status.servers[0]!.observed = 'working'
  })

  it('an operation of a user goes where a built-in one goes', () => {
    expectTypeOf(defineOperation).returns.toExtend<typeof operation>()
    createManager({
      hypervisors: {},
      guests: createWorld().guests,
      store: openSqliteStore('x'),
      principal: { name: 'user_a', role: 'builder' },
      operations: [stop, applyTemplate],
    })
  })
})
