import {
  applyTemplate,
  attachGroups,
  type GroupDeclaration,
  importDefinition,
  patchTemplate,
  power,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { ATTACH_GROUPS_ROWS } from '../spec-rows/attach-groups.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { expectRow, expectRowRefused } from '../support/expect-row.ts'
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const UNIT = 'gyoumu_a'

function groupOf(name: string, host: number, tierId = 'combined'): GroupDeclaration {
  const server = { tierId, address: `192.168.1.${host}`, port: 20580, serviceAddress: `192.168.2.${host}` }
  return { name, servers: [server] }
}

/** A unit with a definition, and no group yet. */
async function prepare(fleet: Fleet, unit = UNIT): Promise<void> {
  await fleet.manager.units.create({ name: unit, hypervisor: 'main' })
  const { hash } = await fleet.manager.definitions.add(memoryDefinition(TIERS, {}))
  await fleet.manager.execute(importDefinition, { unit, definition: hash })
}

async function machineNamed(fleet: Fleet, name: string) {
  const machine = (await fleet.world.admin.machines()).find((one) => one.name === name)
  if (machine === undefined) throw new Error(`no machine ${name}`)
  return machine
}

describe('attachGroups: the error table of spec 3.12', () => {
  const row = (number: number) => rowOf(ATTACH_GROUPS_ROWS, `3.12.${number}`)
  const title = (number: number): string => titleOf(row(number))

  it(title(1), async () => {
    await using fleet = await createFleet()
    const error = await expectRowRefused(fleet, row(1), () =>
      fleet.manager.execute(attachGroups, { unit: 'nowhere', groups: storyGroups() }),
    )
    expect(error.message).toContain('nowhere')
  })

  const broken: readonly (readonly [string, readonly GroupDeclaration[]])[] = [
    ['no group', []],
    ['a group without a server', [{ name: 'vmgroup_1', servers: [] }]],
    ['a name that is none', [{ ...groupOf('vmgroup_1', 101), name: '1st group' }]],
    ['an address that is none', [{ name: 'g', servers: [{ tierId: 'combined', address: '192.168.1', port: 20580 }] }]],
    ['a port out of range', [{ name: 'g', servers: [{ tierId: 'combined', address: '192.168.1.1', port: 65536 }] }]],
    ['the same group twice', [groupOf('vmgroup_1', 101), groupOf('vmgroup_1', 102)]],
  ]
  it.each(broken)(`${title(12)}: %s`, async (_what, groups) => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    await expectRowRefused(fleet, row(12), () =>
      fleet.manager.execute(attachGroups, { unit: UNIT, groups, adopt: true }),
    )
  })

  it(title(3), async () => {
    await using fleet = await createFleet()
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    await fleet.provide(storyGroups(), UNIT)
    const error = await expectRowRefused(fleet, row(3), () =>
      fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true }),
    )
    expect(error.message).toMatch(/import/i)
  })

  it(`${title(4)}: it is left out, the others are attached`, async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    const [first, ...others] = storyGroups()
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: [first!], adopt: true })
    const before = (await fleet.manager.units.get(UNIT)).groups[0]
    const again = fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
    expect(await expectRow(row(4), again)).toMatchObject({ warnings: [expect.stringContaining('vmgroup_1')] })
    const { groups } = await fleet.manager.units.get(UNIT)
    expect(groups.map(({ name }) => name)).toEqual(['vmgroup_1', ...others.map(({ name }) => name)])
    expect(groups[0]).toEqual(before)
  })

  it(`${title(4)}: when all do, nothing is done, with a warning for each`, async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
    const from = await mark(fleet.world)
    const result = await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
    expect(result.warnings).toHaveLength(3)
    expect(result.outcomes).toEqual([])
    expect(await mutationsSince(fleet.world, from)).toEqual([])
  })

  it(title(14), async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const groups = [groupOf('g', 101, 'database'), groupOf('h', 101, 'database')]
    await expectRowRefused(fleet, row(14), () => fleet.manager.execute(attachGroups, { unit: UNIT, groups }))
  })

  it(title(5), async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    const groups = [...storyGroups(), groupOf('vmgroup_4', 105, 'database')]
    const error = await expectRowRefused(fleet, row(5), () =>
      fleet.manager.execute(attachGroups, { unit: UNIT, groups, adopt: true }),
    )
    expect(error.message).toContain('database')
    expect(error.message).toContain('combined')
  })

  const server = groupOf('x', 101).servers[0]!
  const duplicates: readonly (readonly [string, readonly GroupDeclaration[]])[] = [
    [
      'as management address of two servers of a group',
      [{ name: 'g', servers: [server, { ...server, serviceAddress: undefined }] }],
    ],
    [
      'as service address of two groups',
      [groupOf('g', 101), { name: 'h', servers: [{ ...server, address: '192.168.1.9' }] }],
    ],
    [
      'as management and service address of one server',
      [{ name: 'g', servers: [{ ...server, serviceAddress: server.address }] }],
    ],
    [
      'as management address of one and service address of another',
      [
        groupOf('g', 101),
        { name: 'h', servers: [{ ...server, address: server.serviceAddress!, serviceAddress: undefined }] },
      ],
    ],
  ]
  it.each(duplicates)(`${title(6)}, %s`, async (_how, groups) => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    const error = await expectRowRefused(fleet, row(6), () =>
      fleet.manager.execute(attachGroups, { unit: UNIT, groups }),
    )
    expect(error.message).toMatch(/192\.168\.\d\.101/)
  })

  it.each(['the same unit', 'another unit'])(`${title(7)}, with %s`, async (where) => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
    const unit = where === 'the same unit' ? UNIT : 'gyoumu_b'
    if (unit !== UNIT) await prepare(fleet, unit)
    const groups = [groupOf('vmgroup_7', 177), groupOf('vmgroup_8', 101)]
    const error = await expectRowRefused(fleet, row(7), () => fleet.manager.execute(attachGroups, { unit, groups }))
    expect(error.message).toContain('192.168.1.101')
    expect(error.message).toContain('vmgroup_1/combined/0')
  })

  it(`${title(8)}, even as somebody's management address`, async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups() })
    for (const serviceAddress of ['192.168.2.102', '192.168.1.102']) {
      const groups = [{ name: 'vmgroup_8', servers: [{ ...server, address: '192.168.1.180', serviceAddress }] }]
      await expectRowRefused(fleet, row(8), () => fleet.manager.execute(attachGroups, { unit: UNIT, groups }))
    }
  })

  it(title(11), async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    await fleet.world.admin.faults([{ call: 'guests.*', effect: { type: 'error', code: 'ERR_UNAVAILABLE' } }])
    await expectRow(row(11), fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true }))
    expect((await fleet.manager.units.get(UNIT)).groups).toHaveLength(3)
  })

  it.each([
    ['the group', UNIT, groupOf('vmgroup_1', 111)],
    ['an address', UNIT, groupOf('vmgroup_9', 101)],
    ['an address, for another unit', 'gyoumu_b', groupOf('vmgroup_9', 101)],
  ] as const)(`${title(13)}: %s`, async (_what, unit, group) => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await prepare(fleet, 'gyoumu_b')
    const plan = await fleet.manager.plan(attachGroups, { unit: UNIT, groups: [groupOf('vmgroup_1', 101)] })
    const run = await fleet.manager.start(plan, { approval: 'required' })
    await run.until('waiting')
    await expectRowRefused(fleet, row(13), () => fleet.manager.execute(attachGroups, { unit, groups: [group] }))
    await run.cancel('enough')
    await fleet.manager.execute(attachGroups, { unit, groups: [group] })
  })

  it('an error beside a group that exists already (row 4) attaches nothing', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    const [first, second] = storyGroups()
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: [first!], adopt: true })
    await expectRefused(fleet, 'ERR_UNKNOWN_TIER', () =>
      fleet.manager.execute(attachGroups, {
        unit: UNIT,
        groups: [first!, second!, groupOf('x', 150, 'nope')],
        adopt: true,
      }),
    )
  })

  it('two attaches of the same address at once: one of them gets it', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await prepare(fleet, 'gyoumu_b')
    const { manager } = fleet
    const plans = [
      await manager.plan(attachGroups, { unit: UNIT, groups: [groupOf('vmgroup_1', 101)] }),
      await manager.plan(attachGroups, { unit: 'gyoumu_b', groups: [groupOf('vmgroup_9', 101)] }),
    ]
    const settled = await Promise.allSettled(plans.map(async (plan) => await (await manager.start(plan)).result()))
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const holders = await Promise.all([UNIT, 'gyoumu_b'].map((unit) => manager.units.get(unit)))
    expect(holders.flatMap(({ groups }) => groups)).toHaveLength(1)
  })
})

describe('attachGroups: binding', () => {
  it('binds by the address that the hypervisor reports, and knows the version of the image', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    const plan = await fleet.manager.plan(attachGroups, { unit: UNIT, groups: storyGroups() })
    const { id } = await machineNamed(fleet, 'gyoumu_a-vmgroup_1-combined')
    expect(plan.servers[0]).toMatchObject({ server: 'vmgroup_1/combined/0', action: 'attach' })
    expect(plan.servers[0]?.reason).toContain(id)
    const from = await mark(fleet.world)
    await (await fleet.manager.start(plan)).result()
    expect(await mutationsSince(fleet.world, from), 'attach without adopt changes no machine').toEqual([])
    const [group] = (await fleet.manager.units.get(UNIT)).groups
    expect(group?.servers[0]).toMatchObject({ machine: { id }, templateVersion: 1, status: 'initial', traffic: 'none' })
  })

  it('binds by vms: the name or the id of a machine', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const [image] = await fleet.world.admin.images()
    const named = await fleet.world.admin.addMachine({ name: 'ap01', image: image!.id, addresses: [], power: 'on' })
    const byId = await fleet.world.admin.addMachine({ name: 'ap02', image: image!.id, addresses: [], power: 'on' })
    await fleet.manager.execute(attachGroups, {
      unit: UNIT,
      groups: [groupOf('vmgroup_1', 101), groupOf('vmgroup_2', 102)],
      vms: { '192.168.1.101': 'ap01', '192.168.1.102': byId },
      adopt: true,
    })
    const { groups } = await fleet.manager.units.get(UNIT)
    expect(groups.map(({ servers }) => servers[0]?.machine?.id)).toEqual([named, byId])
    const markers = (await fleet.world.admin.machines()).map(({ marker }) => marker?.slot)
    expect(markers).toEqual(['vmgroup_1/combined/0', 'vmgroup_2/combined/0'])
  })

  it('refuses an address that several machines have, and takes the one named in vms', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const [image] = await fleet.world.admin.images()
    const common = { image: image!.id, addresses: ['192.168.1.101'] }
    await fleet.world.admin.addMachine({ ...common, name: 'old' })
    const wanted = await fleet.world.admin.addMachine({ ...common, name: 'new' })
    const groups = [groupOf('vmgroup_1', 101)]
    const error = await expectRefused(fleet, 'ERR_CONFLICT', () =>
      fleet.manager.execute(attachGroups, { unit: UNIT, groups, adopt: true }),
    )
    expect(error.message).toContain('vms')
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups, adopt: true, vms: { '192.168.1.101': 'new' } })
    const unit = await fleet.manager.units.get(UNIT)
    expect(unit.groups[0]?.servers[0]?.machine?.id).toBe(wanted)
  })

  it('refuses two servers on one machine', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    const { id } = await machineNamed(fleet, 'gyoumu_a-vmgroup_1-combined')
    const error = await expectRefused(fleet, 'ERR_CONFLICT', () =>
      fleet.manager.execute(attachGroups, {
        unit: UNIT,
        groups: storyGroups(),
        vms: { '192.168.1.102': id },
        adopt: true,
      }),
    )
    expect(error.message).toContain(id)
  })

  it('refuses a machine that a server attached earlier is bound to', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups() })
    const { id } = await machineNamed(fleet, 'gyoumu_a-vmgroup_1-combined')
    const groups = [groupOf('vmgroup_9', 109)]
    await expectRefused(fleet, 'ERR_CONFLICT', () =>
      fleet.manager.execute(attachGroups, { unit: UNIT, groups, vms: { '192.168.1.109': id }, adopt: true }),
    )
  })

  it('refuses to adopt what is not found, and attaches it unbound without adopt', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const groups = [groupOf('vmgroup_1', 101)]
    const error = await expectRefused(fleet, 'ERR_NOT_FOUND', () =>
      fleet.manager.execute(attachGroups, { unit: UNIT, groups, adopt: true }),
    )
    expect(error.message).toContain('192.168.1.101')
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups })
    const unit = await fleet.manager.units.get(UNIT)
    expect(unit.groups[0]?.servers[0]?.machine).toBeUndefined()
  })

  it('vms may name machines of groups that exist already and are left out', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const groups = [groupOf('vmgroup_1', 101), groupOf('vmgroup_2', 102)]
    await fleet.provide(groups, 'by-hand')
    const vms = { '192.168.1.101': 'by-hand-vmgroup_1-combined', '192.168.1.102': 'by-hand-vmgroup_2-combined' }
    const { '192.168.1.101': first } = vms
    await fleet.manager.execute(attachGroups, {
      unit: UNIT,
      groups: groups.slice(0, 1),
      vms: { '192.168.1.101': first },
      adopt: true,
    })
    const again = await fleet.manager.execute(attachGroups, { unit: UNIT, groups, vms, adopt: true })
    expect(again.warnings).toEqual(['group vmgroup_1 exists already and was left out'])
    expect((await fleet.manager.units.get(UNIT)).groups.map(({ name }) => name)).toEqual(['vmgroup_1', 'vmgroup_2'])
  })

  it.each([false, true])('refuses a machine named in vms that does not exist (adopt: %s)', async (adopt) => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    const error = await expectRefused(fleet, 'ERR_NOT_FOUND', () =>
      fleet.manager.execute(attachGroups, {
        unit: UNIT,
        groups: storyGroups(),
        vms: { '192.168.1.101': 'ap-mistyped' },
        adopt,
      }),
    )
    expect(error.code).toBe('ERR_NOT_FOUND')
  })
})

describe('attachGroups: adoption', () => {
  it('writes a marker that names manager, unit, slot and operation into each machine', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    const { runId } = await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
    const { marker } = await machineNamed(fleet, 'gyoumu_a-vmgroup_3-web')
    expect(marker).toEqual({
      manager: 'vmunit',
      unit: UNIT,
      slot: 'vmgroup_3/web/0',
      operationId: `${runId}/vmgroup_3/web/0/adopt#1`,
    })
  })

  it('a machine that was not adopted can be neither switched nor replaced', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups() })
    const refused = await expectRefused(fleet, 'ERR_NOT_ADOPTED', () =>
      fleet.manager.execute(power, { unit: UNIT, to: 'off' }),
    )
    expect(refused.message).toContain('adopt: true')
    const { version } = await fleet.manager.execute(patchTemplate, { template: 'web-base', commands: [['true']] })
    await expectRefused(fleet, 'ERR_NOT_ADOPTED', () =>
      fleet.manager.execute(applyTemplate, { unit: UNIT, template: version, allowOutage: true }),
    )
  })

  it('a server without a machine is not replaced', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: [groupOf('vmgroup_1', 101)] })
    const error = await expectRefused(fleet, 'ERR_NOT_ADOPTED', () =>
      fleet.manager.execute(applyTemplate, { unit: UNIT, template: { template: 'web-base', version: 1 } }),
    )
    expect(error.message).toContain('adopt: true')
  })

  it('refuses the machine of another manager, and one whose marker cannot be read', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    const { id } = await machineNamed(fleet, 'gyoumu_a-vmgroup_2-combined')
    const foreign = { manager: 'somebody', unit: 'u', slot: 'g/t/0', operationId: 'r/s#1' }
    await fleet.world.hypervisor.adopt(id, foreign)
    const attach = () => fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
    const error = await expectRefused(fleet, 'ERR_NOT_OWNED', attach)
    expect(error.message).toContain('somebody')
    await fleet.world.hypervisor.release({ id, marker: foreign })
    await fleet.world.admin.setMarkerReadable(id, false)
    expect((await expectRefused(fleet, 'ERR_NOT_OWNED', attach)).message).toContain('cannot be read')
    await fleet.world.admin.setMarkerReadable(id, true)
    await attach()
    expect((await machineNamed(fleet, 'gyoumu_a-vmgroup_2-combined')).marker?.manager).toBe('vmunit')
  })

  it('a marker that came with a copy does not count: the copy can be adopted, the original stays as it is', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const groups = [groupOf('vmgroup_1', 101)]
    await fleet.provide(groups, UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups, adopt: true })
    const original = await machineNamed(fleet, 'gyoumu_a-vmgroup_1-combined')
    const copy = await fleet.world.admin.cloneMachine(original.id, { name: 'copy' })
    expect((await machineNamed(fleet, 'copy')).copiedMarker).toEqual(original.marker)
    await fleet.manager.execute(attachGroups, {
      unit: UNIT,
      groups: [groupOf('vmgroup_2', 102)],
      vms: { '192.168.1.102': copy },
      adopt: true,
    })
    expect((await machineNamed(fleet, 'copy')).marker?.slot).toBe('vmgroup_2/combined/0')
    expect((await machineNamed(fleet, 'gyoumu_a-vmgroup_1-combined')).marker).toEqual(original.marker)
  })

  it('when one machine cannot be adopted, its group is not attached and the markers are taken out again', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.provide(storyGroups(), UNIT)
    const { id } = await machineNamed(fleet, 'gyoumu_a-vmgroup_3-app')
    await fleet.world.admin.faults([
      { call: 'hypervisor.adopt', subject: id, effect: { type: 'error', code: 'ERR_DRIVER' } },
    ])
    const error = await refusal(
      fleet.manager.execute(attachGroups, { unit: UNIT, groups: [storyGroups()[2]!], adopt: true }),
    )
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect((await fleet.manager.units.get(UNIT)).groups).toEqual([])
    expect((await fleet.world.admin.machines()).map(({ marker }) => marker)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    await fleet.world.admin.faults([])
    const again = await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
    expect(again.outcomes.map(({ status }) => status)).toEqual(['changed', 'changed', 'changed', 'changed'])
  })

  it('a person who may not see the unit is told that there is none', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const stranger = fleet.manager.as({ name: 'user_b', role: 'builder' })
    await expectRefused(fleet, 'ERR_NOT_FOUND', () =>
      stranger.execute(attachGroups, { unit: UNIT, groups: storyGroups() }),
    )
    const clerk = fleet.manager.as({ name: 'user_c', role: 'resourceManager' })
    await expectRefused(fleet, 'ERR_PERMISSION_DENIED', () =>
      clerk.execute(attachGroups, { unit: UNIT, groups: storyGroups() }),
    )
  })

  it('a plan is stale when another group of the name was attached meanwhile, also one of other tiers', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const plan = await fleet.manager.plan(attachGroups, { unit: UNIT, groups: [groupOf('vmgroup_4', 104)] })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: [groupOf('vmgroup_4', 105, 'app')] })
    await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start(plan))
  })
})
