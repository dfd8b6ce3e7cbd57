import { attachGroups, detachGroups, type GroupDeclaration, scaleIn, scaleOut, stop } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { breakVersion, machineOf, machinesOf, standing, UNIT, upgrade } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

/** One group more: a web and an application server. */
const NEW: readonly GroupDeclaration[] = [
  {
    name: 'vmgroup_4',
    servers: [
      { tierId: 'web', address: '192.168.1.140', port: 20580, serviceAddress: '192.168.2.140' },
      { tierId: 'app', address: '192.168.1.141', port: 20580 },
    ],
  },
]

const groupNames = async (fleet: Fleet): Promise<readonly string[]> =>
  (await fleet.manager.units.get(UNIT)).groups.map(({ name }) => name)

describe('scaleOut', () => {
  it('makes machines from the current version of each template, builds, starts and sends them traffic', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await upgrade(fleet)
    const before = new Set((await fleet.world.admin.machines()).map(({ id }) => id))
    const plan = await fleet.manager.plan(scaleOut, { unit: UNIT, groups: NEW })
    expect(plan.servers.map(({ server, action, reason }) => `${server} ${action} ${reason}`)).toEqual([
      'vmgroup_4/web/0 attach new from web-base 2',
      'vmgroup_4/app/0 attach new from app-base 1',
    ])
    const run = await fleet.manager.start(plan)
    const { outcomes } = await run.result()
    expect(outcomes.map(({ status }) => status)).toEqual(['changed', 'changed'])
    expect(standing(await fleet.manager.units.get(UNIT)).slice(-2)).toEqual([
      'vmgroup_4/web/0 working in 2',
      'vmgroup_4/app/0 working none 1',
    ])
    const made = (await fleet.world.admin.machines()).filter(({ id }) => !before.has(id))
    expect(made.map(({ marker, serving }) => `${marker?.slot} ${serving}`).toSorted()).toEqual([
      'vmgroup_4/app/0 true',
      'vmgroup_4/web/0 true',
    ])
    expect((await machineOf(fleet, 'vmgroup_4/web/0')).addresses).toEqual(['192.168.1.140', '192.168.2.140'])
  })

  it('touches no other group', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const from = await mark(fleet.world)
    await fleet.manager.execute(scaleOut, { unit: UNIT, groups: NEW })
    const made = await mutationsSince(fleet.world, from)
    expect(made.filter(({ step }) => step !== undefined && !step.startsWith('vmgroup_4'))).toEqual([])
  })

  it('takes machines that the resource manager provided', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.provide(NEW, 'more')
    const count = (await fleet.world.admin.machines()).length
    await fleet.manager.execute(scaleOut, { unit: UNIT, groups: NEW, machines: 'provided' })
    expect(await fleet.world.admin.machines()).toHaveLength(count)
    expect(standing(await fleet.manager.units.get(UNIT)).slice(-2)).toEqual([
      'vmgroup_4/web/0 working in 1',
      'vmgroup_4/app/0 working none 1',
    ])
    expect((await machineOf(fleet, 'vmgroup_4/web/0')).name).toBe('more-vmgroup_4-web')
  })

  it('leaves the new servers stopped with start: false', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(scaleOut, { unit: UNIT, groups: NEW, start: false })
    expect(standing(await fleet.manager.units.get(UNIT)).slice(-2)).toEqual([
      'vmgroup_4/web/0 stopped none 1',
      'vmgroup_4/app/0 stopped none 1',
    ])
  })

  it('leaves a group that exists out with a warning, and adds the others', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { warnings } = await fleet.manager.execute(scaleOut, {
      unit: UNIT,
      groups: [...storyGroups().slice(0, 1), ...NEW],
    })
    expect(warnings).toEqual(['group vmgroup_1 exists already and was left out'])
    expect(await groupNames(fleet)).toContain('vmgroup_4')
  })

  it('keeps what fails in quarantine; scaleIn cleans up, and the addresses are free again', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await breakVersion(fleet)
    const error = await refusal(fleet.manager.execute(scaleOut, { unit: UNIT, groups: NEW }))
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(error.details['outcomes']).toMatchObject([{ status: 'quarantined' }, { status: 'quarantined' }])
    const group = (await fleet.manager.units.get(UNIT)).groups.find(({ name }) => name === 'vmgroup_4')
    expect(group?.servers.map(({ machine, status }) => [machine, status])).toEqual([
      [undefined, 'initial'],
      [undefined, 'initial'],
    ])
    expect(group?.quarantine).toHaveLength(2)
    const kept = [...(await machinesOf(fleet)).entries()].filter(([slot]) => slot.startsWith('vmgroup_4'))
    expect(kept.map(([, machines]) => machines.map(({ power }) => power))).toEqual([['off'], ['off']])
    const { warnings } = await fleet.manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_4'] })
    expect(warnings).toHaveLength(2)
    expect(await groupNames(fleet)).not.toContain('vmgroup_4')
    expect(Object.keys(await documentsOf(fleet.storePath)).filter((key) => key.includes('192.168.1.140'))).toEqual([])
  })

  it('refuses like attachGroups: unknown tier, address in use, no provided machine, unknown version', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const [group] = NEW
    const [web] = group?.servers ?? []
    const changed = (fields: object): readonly GroupDeclaration[] => [
      { name: 'vmgroup_4', servers: [{ ...web!, ...fields }] },
    ]
    const execute = (input: object) => () => fleet.manager.execute(scaleOut, { unit: UNIT, groups: NEW, ...input })
    await expectRefused(fleet, 'ERR_UNKNOWN_TIER', execute({ groups: changed({ tierId: 'other' }) }))
    await expectRefused(fleet, 'ERR_ALREADY_EXISTS', execute({ groups: changed({ address: '192.168.1.101' }) }))
    await expectRefused(fleet, 'ERR_NOT_FOUND', execute({ machines: 'provided' }))
    await expectRefused(fleet, 'ERR_NOT_FOUND', execute({ template: { template: 'web-base', version: 7 } }))
    await expectRefused(fleet, 'ERR_INVALID_INPUT', execute({ vms: { '192.168.1.140': 'vm' } }))
  })
})

describe('scaleIn', () => {
  it('takes the traffic away, stops, detaches and deletes the machines', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const machine = await machineOf(fleet, 'vmgroup_1/combined/0')
    const from = await mark(fleet.world)
    const { outcomes } = await fleet.manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'] })
    expect(outcomes).toMatchObject([{ server: 'vmgroup_1/combined/0', status: 'changed' }])
    const calls = (await mutationsSince(fleet.world, from)).map(({ call, subject }) => `${call} ${subject}`)
    expect(calls).toEqual([
      'balancer.traffic vmgroup_1/combined/0',
      'balancer.traffic vmgroup_1/combined/0',
      `guests.startJob ${machine.id}`,
      'balancer.removeMember vmgroup_1/combined/0',
      `hypervisor.power ${machine.id}`,
      `hypervisor.remove ${machine.id}`,
    ])
    expect(await groupNames(fleet)).toEqual(['vmgroup_2', 'vmgroup_3'])
    expect((await fleet.world.admin.machines()).map(({ id }) => id)).not.toContain(machine.id)
    await fleet.manager.execute(scaleOut, { unit: UNIT, groups: storyGroups().slice(0, 1) })
    expect(await groupNames(fleet)).toContain('vmgroup_1')
  })

  it('leaves the machines as they are with machines: release', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const machine = await machineOf(fleet, 'vmgroup_1/combined/0')
    await fleet.manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'], machines: 'release' })
    const after = (await fleet.world.admin.machines()).find(({ id }) => id === machine.id)
    expect(after).toMatchObject({ power: 'on', marker: undefined })
  })

  it('refuses to take the last available group of a tier, unless that is allowed', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const groups = ['vmgroup_3']
    await expectRefused(fleet, 'ERR_WOULD_INTERRUPT', () => fleet.manager.execute(scaleIn, { unit: UNIT, groups }))
    await fleet.manager.execute(scaleIn, { unit: UNIT, groups, allowOutage: true })
    expect(await groupNames(fleet)).toEqual(['vmgroup_1', 'vmgroup_2'])
  })

  it('takes a group whose machine is off, without asking its guest', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { id } = await machineOf(fleet, 'vmgroup_1/combined/0')
    await fleet.world.admin.setPower(id, 'off')
    await fleet.manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'] })
    expect(await groupNames(fleet)).toEqual(['vmgroup_2', 'vmgroup_3'])
    expect((await fleet.world.admin.machines()).map((machine) => machine.id)).not.toContain(id)
  })

  it('does not delete machines that are not ours', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { id } = await machineOf(fleet, 'vmgroup_1/combined/0')
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(0, 1) })
    const groups = ['vmgroup_1']
    await expectRefused(fleet, 'ERR_NOT_ADOPTED', () => fleet.manager.execute(scaleIn, { unit: UNIT, groups }))
    await fleet.manager.execute(scaleIn, { unit: UNIT, groups, machines: 'release' })
    expect((await fleet.world.admin.machines()).map((machine) => machine.id)).toContain(id)
  })
})
