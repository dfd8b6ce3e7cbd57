import {
  attachGroups,
  detachGroups,
  type Manager,
  power,
  recoverServer,
  requestResources,
  start,
  stop,
  updateUnit,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { standing, UNIT, upgrade } from '../support/story.ts'
import { until } from '../support/until.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const DAY = 86_400_000

/** From now on, for two weeks. */
function period(): { readonly from: number; readonly until: number } {
  const from = Date.now()
  return { from, until: from + 14 * DAY }
}

const PROVIDE = {
  kind: 'provideServers',
  unit: UNIT,
  template: 'web-base',
  version: 1,
  groups: [{ name: 'vmgroup_4', servers: [{ tierId: 'combined' }] }],
} as const

async function prepare(): Promise<Fleet> {
  const fleet = await createFleet()
  await fleet.build(UNIT, storyGroups())
  return fleet
}

async function asked(manager: Manager): Promise<string> {
  const request = await until(async () => (await manager.requests.list())[0])
  return request.id
}

/** Attaches a server whose machine has a second address that the record does not know. */
async function attachOne(fleet: Fleet): Promise<void> {
  const server = { tierId: 'combined', address: '192.168.1.110', port: 20580 }
  await fleet.provide([{ name: 'vmgroup_4', servers: [{ ...server, serviceAddress: '192.168.2.110' }] }], 'by-hand')
  const groups = [{ name: 'vmgroup_4', servers: [server] }]
  await fleet.manager.execute(attachGroups, { unit: UNIT, groups, adopt: true })
}

describe('a request to the resource manager, by a person', () => {
  it('for servers: changes nothing itself, and what comes back can be attached', async () => {
    await using fleet = await prepare()
    const { manager, world } = fleet
    const from = await mark(world)
    const wanted = period()
    const run = await manager.start(await manager.plan(requestResources, { request: PROVIDE, ...wanted, by: 'person' }))
    const [request] = await until(async () => {
      const open = await manager.requests.list()
      return open.length > 0 ? open : undefined
    })
    expect(request).toMatchObject({ kind: 'resources', subject: PROVIDE, ...wanted, requestedBy: 'user_a' })
    expect(request?.text).toContain('web-base (version 1) for unit gyoumu_a: vmgroup_4 (combined), from 20')
    expect(await mutationsSince(world, from)).toEqual([])

    const groups = [
      { name: 'vmgroup_4', servers: [{ tierId: 'combined', address: '192.168.1.110', port: 20580 }] },
    ] as const
    await fleet.provide(groups, 'by-hand')
    await manager.answer(request?.id ?? '', { approve: true, note: 'rack 4', content: { groups } })
    const result = await run.result()
    expect(result).toMatchObject({ by: 'user_a', note: 'rack 4', groups })
    await manager.execute(attachGroups, { unit: UNIT, groups: result.groups, adopt: true })
    await manager.execute(updateUnit, { unit: UNIT })
    await manager.execute(start, { unit: UNIT })
    expect(standing(await manager.units.get(UNIT)).at(-1)).toBe('vmgroup_4/combined/0 working in 1')
  })

  it.for<readonly [string, unknown]>([
    ['nothing', undefined],
    [
      'other groups',
      { groups: [{ name: 'vmgroup_9', servers: [{ tierId: 'combined', address: '192.168.1.9', port: 1 }] }] },
    ],
    [
      'another tier',
      { groups: [{ name: 'vmgroup_4', servers: [{ tierId: 'web', address: '192.168.1.9', port: 1 }] }] },
    ],
    ['no address', { groups: [{ name: 'vmgroup_4', servers: [{ tierId: 'combined', port: 1 }] }] }],
  ])('an answer with %s is refused, and can be given again', async ([, content]) => {
    await using fleet = await prepare()
    const { manager } = fleet
    const run = await manager.start(
      await manager.plan(requestResources, { request: PROVIDE, ...period(), by: 'person' }),
    )
    const id = await asked(manager)
    expect((await refusal(manager.answer(id, { approve: true, content }))).code).toBe('ERR_INVALID_INPUT')
    expect(await manager.requests.list()).toHaveLength(1)
    await run.cancel('enough')
  })

  it('for a server to patch, then for the new version: the record has it, the old one is revoked', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const work = { kind: 'patchServer', template: 'web-base', version: 1 } as const
    const first = await manager.start(
      await manager.plan(requestResources, { request: work, ...period(), by: 'person' }),
    )
    await manager.answer(await asked(manager), { approve: true, content: { address: '192.168.1.200' } })
    expect((await first.result()).provided).toEqual({ address: '192.168.1.200' })

    const register = {
      kind: 'registerTemplate',
      template: 'web-base',
      server: '192.168.1.200',
      deleteVersion: 1,
    } as const
    const second = await manager.start(
      await manager.plan(requestResources, { request: register, ...period(), by: 'person' }),
    )
    await manager.answer(await asked(manager), { approve: true, content: { image: 'image-77', note: 'patched' } })
    expect(await second.result()).toMatchObject({ version: { template: 'web-base', version: 2 } })
    expect((await manager.templates.get('web-base')).versions).toMatchObject([
      { number: 1, state: 'revoked' },
      { number: 2, state: 'active', image: 'image-77', parent: 1, note: 'patched' },
    ])
  })

  it('to take servers back: only those that are detached', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const request = { kind: 'takeBack', unit: UNIT, addresses: ['192.168.1.101'] } as const
    const error = await expectRefused(fleet, 'ERR_WRONG_STATE', () =>
      manager.plan(requestResources, { request, ...period(), by: 'person' }),
    )
    expect(error.message).toContain('Detach')
  })

  it('declined, the run fails with the reason', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const run = await manager.start(
      await manager.plan(requestResources, { request: PROVIDE, ...period(), by: 'person' }),
    )
    const id = await asked(manager)
    await manager.as({ name: 'user_r', role: 'resourceManager' }).answer(id, { approve: false, note: 'no rack' })
    const error = await refusal(run.result())
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(error.message).toMatch(/user_r declined .*: no rack/)
  })
})

describe('a request that the hypervisor fulfils', () => {
  it('for servers: they bear no marker, and are attached like those of a person', async () => {
    await using fleet = await prepare()
    const { manager, world } = fleet
    const { groups, by } = await manager.execute(requestResources, { request: PROVIDE, ...period(), by: 'driver' })
    expect(by).toBe('driver')
    const [server] = groups[0]?.servers ?? []
    const machine = (await world.admin.machines()).find(({ addresses }) => addresses.includes(server?.address ?? ''))
    expect(machine).toMatchObject({ power: 'on', marker: undefined })
    await manager.execute(attachGroups, { unit: UNIT, groups, adopt: true })
    await manager.execute(updateUnit, { unit: UNIT })
    await manager.execute(start, { unit: UNIT })
    expect(standing(await manager.units.get(UNIT)).at(-1)).toBe('vmgroup_4/combined/0 working in 1')
  })

  it('not before its time', async () => {
    await using fleet = await prepare()
    const { manager, world } = fleet
    const from = Date.now() + 2_000
    const begin = await mark(world)
    const plan = await manager.plan(requestResources, { request: PROVIDE, from, until: from + DAY, by: 'driver' })
    const run = await manager.start(plan)
    const state = await run.until('waiting')
    expect(state.waitingFor).toContain(new Date(from).toISOString())
    await run.result()
    const [first] = await mutationsSince(world, begin)
    expect(first?.time).toBeGreaterThanOrEqual(from)
  })

  it('for a server to patch, registered as the next version; the old image stays while the new one descends from it', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const work = { kind: 'patchServer', template: 'web-base', version: 1 } as const
    const { provided } = await manager.execute(requestResources, { request: work, ...period(), by: 'driver' })
    const { address } = provided as { readonly address: string }
    const register = { kind: 'registerTemplate', template: 'web-base', server: address, deleteVersion: 1 } as const
    const { version, warnings } = await manager.execute(requestResources, {
      request: register,
      ...period(),
      by: 'driver',
    })
    expect(warnings).toEqual([expect.stringContaining('not deleted')])
    expect(version).toEqual({ template: 'web-base', version: 2 })
    expect((await manager.templates.get('web-base')).versions).toMatchObject([
      { number: 1, state: 'deprecated' },
      { number: 2, state: 'active' },
    ])
  })

  it('to take servers back: detached machines are gone, those of others are never touched', async () => {
    await using fleet = await prepare()
    const { manager, world } = fleet
    const [group] = (await manager.units.get(UNIT)).groups
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    const address = group?.servers[0]?.address ?? ''
    const request = { kind: 'takeBack', unit: UNIT, addresses: [address] } as const
    await manager.execute(requestResources, { request, ...period(), by: 'driver' })
    const left = await world.admin.machines()
    expect(left.filter(({ addresses }) => addresses.includes(address))).toEqual([])
    expect(left).toHaveLength(3)
    const error = await refusal(manager.plan(requestResources, { request, ...period(), by: 'driver' }))
    expect(error.code).toBe('ERR_NOT_FOUND')
  })

  it.each(['driver', 'person'] as const)('no server is taken back that was attached meanwhile (by: %s)', async (by) => {
    await using fleet = await prepare()
    const { manager } = fleet
    const groups = [{ name: 'vmgroup_4', servers: [{ tierId: 'combined', address: '192.168.1.110', port: 20580 }] }]
    await fleet.provide(groups, 'by-hand')
    const request = { kind: 'takeBack', unit: UNIT, addresses: ['192.168.1.110'] } as const
    const plan = await manager.plan(requestResources, { request, ...period(), by })
    await manager.execute(attachGroups, { unit: UNIT, groups })
    await expectRefused(fleet, 'ERR_PLAN_STALE', () => manager.start(plan))
  })

  it.each(['driver', 'person'] as const)(
    'no version is registered under a number that is taken (by: %s)',
    async (by) => {
      await using fleet = await prepare()
      const { manager } = fleet
      const work = { kind: 'patchServer', template: 'web-base', version: 1 } as const
      const { provided } = await manager.execute(requestResources, { request: work, ...period(), by: 'driver' })
      const server = String(Reflect.get(provided, 'address'))
      const request = { kind: 'registerTemplate', template: 'web-base', server } as const
      const plan = await manager.plan(requestResources, { request, ...period(), by })
      await upgrade(fleet)
      await expectRefused(fleet, 'ERR_PLAN_STALE', () => manager.start(plan))
    },
  )

  it('no machine of a server is taken, whichever of its addresses is named', async () => {
    await using fleet = await prepare()
    const { manager, world } = fleet
    await attachOne(fleet)
    const before = await world.admin.machines()
    for (const request of [
      { kind: 'takeBack', unit: UNIT, addresses: ['192.168.2.110'] },
      { kind: 'registerTemplate', template: 'web-base', server: '192.168.2.110' },
    ] as const) {
      const error = await expectRefused(fleet, 'ERR_WRONG_STATE', () =>
        manager.execute(requestResources, { request, ...period(), by: 'driver' }),
      )
      expect(error.message).toContain('vmgroup_4/combined/0')
    }
    expect(await world.admin.machines()).toEqual(before)
  })

  it('no machine is taken that another unit keeps', async () => {
    await using fleet = await prepare()
    const { manager, world } = fleet
    await attachOne(fleet)
    await manager.execute(recoverServer, { unit: UNIT, server: '192.168.1.110', by: 'replace' })
    const kept = (await manager.units.get(UNIT)).groups.flatMap(({ quarantine }) => quarantine)
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_4'] })
    await manager.execute(power, { unit: UNIT, groups: ['vmgroup_4'], to: 'off' })
    await world.admin.setPower(kept[0]?.machine.id ?? '', 'on')
    const other = manager.as({ name: 'user_b', role: 'builder' })
    await other.units.create({ name: 'gyoumu_b', hypervisor: 'main' })
    const request = { kind: 'takeBack', unit: 'gyoumu_b', addresses: ['192.168.2.110'] } as const
    await expectRefused(fleet, 'ERR_NOT_OWNED', () =>
      other.execute(requestResources, { request, ...period(), by: 'driver' }),
    )
  })
})
