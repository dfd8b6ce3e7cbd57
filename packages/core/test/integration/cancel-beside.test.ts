import {
  type ApplyTemplateInput,
  applyTemplate,
  deleteUnit,
  detachGroups,
  endQuarantine,
  type Manager,
  patchTemplate,
  recoverServer,
  scaleIn,
  stop,
  type TemplateRef,
  VmunitError,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import type { Fleet } from '../support/fleet.ts'
import { refusal } from '../support/refusal.ts'
import {
  besideOf,
  expectClean,
  expectOnlyCleared,
  idsOf,
  prepareRoll,
  type StoppableRoll,
  unlisted,
} from '../support/stoppable-roll.ts'
import { breakVersion, machinesOf, SLOTS, standing, UNIT, upgrade } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const [SLOT] = SLOTS

const rolls = (template: TemplateRef, groups: readonly string[] = ['vmgroup_1']): ApplyTemplateInput => ({
  unit: UNIT,
  template,
  groups,
  waves: [{ groups: '100%', surge: 1 }],
  addresses: 'pool',
})

/** Leaves a server without a machine, with the addresses that it has from the pool. */
async function emptySlot({ fleet, manager }: StoppableRoll): Promise<void> {
  await manager.execute(applyTemplate, rolls(await upgrade(fleet)))
  await fleet.world.admin.faults([{ call: 'hypervisor.create', effect: { type: 'error', code: 'ERR_DRIVER' } }])
  await refusal(manager.execute(recoverServer, { unit: UNIT, server: SLOT, by: 'replace' }))
  await fleet.world.admin.faults([])
  const [server] = (await manager.units.get(UNIT)).groups[0]?.servers ?? []
  expect(server?.machine).toBeUndefined()
  expect(server?.reserved).toHaveLength(2)
}

describe('a server that has lost its machine, and has addresses of the pool', () => {
  it.each([
    ['scaleIn', (manager: Manager) => manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'] })],
    [
      'scaleIn by release',
      (manager: Manager) => manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'], machines: 'release' }),
    ],
    ['detachGroups', (manager: Manager) => manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })],
  ] as const)('%s gives them back', async (_name, leave) => {
    await using beside = await prepareRoll()
    await emptySlot(beside)
    await leave(beside.manager)
    expect(await unlisted(beside.fleet)).toEqual([])
  })
})

const stood = (standsOn: number): string => `${SLOT} working in ${standsOn}`

describe('a replacement beside what serves that is cancelled', () => {
  it.each([
    { moment: 'reserving', step: 'reserve-service', version: 1, machine: undefined },
    { moment: 'making the new machine', step: 'create@web-base:2', version: 1, machine: 'new' },
    { moment: 'bringing it up', step: 'answer', version: 1, machine: 'new' },
    { moment: 'after it has got traffic', step: 'unblock', version: 1, machine: 'new' },
    { moment: 'after the switch', step: 'switch', version: 2, machine: 'old' },
    { moment: 'draining the old one', step: 'block', version: 2, machine: 'old' },
    { moment: 'with the old one switched off', step: 'power-shutdown', version: 2, machine: 'old' },
    { moment: 'with the old one removed', step: 'return-old', version: 2, machine: undefined },
  ])('$moment leaves nothing unlisted, and endQuarantine takes it away', async ({ step, version, machine }) => {
    await using beside = await prepareRoll()
    const { fleet, manager, stopAt } = beside
    const [before] = (await machinesOf(fleet)).get(SLOT) ?? []
    const run = await stopAt(`${SLOT}/${step}`, rolls(await upgrade(fleet)))
    const error = await refusal(run.result())
    expect(error).toMatchObject({ code: 'ERR_CANCELLED', details: { halfDone: [SLOT] } })
    expect(standing(await manager.units.get(UNIT))[0]).toBe(stood(version))
    expect(await unlisted(fleet)).toEqual([])
    const [left, ...others] = await besideOf(manager)
    expect(others).toEqual([])
    expect(left?.runId).toBe(run.id)
    expect(left?.member).toBe(version === 1 ? `${SLOT}/2` : SLOT)
    expect(left?.addresses.map(({ address }) => address)).toEqual(
      version === 1 ? ['192.168.1.201', '192.168.2.201'] : ['192.168.1.101', '192.168.2.101'],
    )
    expect(left?.machines.map(({ id }) => (id === before?.id ? 'old' : 'new'))).toEqual(
      machine === undefined ? [] : [machine],
    )
    const { sentences } = await manager.explain(run.id, SLOT)
    expect(sentences.join(' ')).toContain(`brought there by run ${run.id}`)

    const { outcomes } = await manager.execute(endQuarantine, { unit: UNIT })
    expect(outcomes).toMatchObject([{ server: SLOT }])
    await expectClean(fleet)
    expect(standing(await manager.units.get(UNIT))[0]).toBe(stood(version))
    expect(await manager.execute(endQuarantine, { unit: UNIT })).toMatchObject({ outcomes: [] })
  })

  it('at any step leaves nothing unlisted, and the next roll takes it away before it begins', async () => {
    await using beside = await prepareRoll()
    const { fleet, manager, stopAt } = beside
    const groups = ['vmgroup_3']
    const names = idsOf(await manager.plan(applyTemplate, rolls(await upgrade(fleet), groups)))
    expect(names.length).toBeGreaterThan(24)
    for (const [index, name] of names.entries()) {
      await stopAt(names.length - index, rolls(await upgrade(fleet), groups))
      expect(await unlisted(fleet), name).toEqual([])
    }
    const last = await upgrade(fleet)
    await manager.execute(applyTemplate, rolls(last, groups))
    expect(standing(await manager.units.get(UNIT))[2]).toBe(`${SLOTS[2]} working in ${last.version}`)
    await expectClean(fleet)
  }, 120_000)

  it('after the switch: rolling the same version again only takes the rest away', async () => {
    await using beside = await prepareRoll()
    await expectOnlyCleared(beside, { slot: SLOT, step: 'power-shutdown', rolls })
  })

  it('on the way back leaves nothing unlisted, and what is in quarantine stays there', async () => {
    await using beside = await prepareRoll()
    const { fleet, manager, stopAt } = beside
    await stopAt(`${SLOT}/quarantine`, rolls(await breakVersion(fleet)))
    expect(await unlisted(fleet)).toEqual([])
    const kept = (await manager.units.get(UNIT)).groups.flatMap(({ quarantine }) => quarantine)
    expect(kept).toHaveLength(1)
    expect((await besideOf(manager)).map(({ machines }) => machines)).toEqual([[]])
    await manager.execute(applyTemplate, rolls(await repaired(fleet)))
    expect((await manager.units.get(UNIT)).groups.flatMap(({ quarantine }) => quarantine)).toEqual(kept)
    expect((await machinesOf(fleet)).get(SLOT)).toHaveLength(2)
    expect(await besideOf(manager)).toEqual([])
    expect(await unlisted(fleet)).toEqual([])
  })

  it.each(['reserve-management', 'create@web-base:2'])(
    'when its process has died at %s leaves nothing unlisted either',
    async (step) => {
      await using beside = await prepareRoll()
      const { fleet, manager, stopAt } = beside
      await stopAt(`${SLOT}/${step}`, rolls(await upgrade(fleet)), 'die')
      await expect.poll(async () => (await machinesOf(fleet)).get(SLOT)?.length).toBe(step.startsWith('create') ? 2 : 1)
      expect(await unlisted(fleet)).toEqual([])
      expect(await besideOf(manager)).toHaveLength(1)
      await manager.execute(endQuarantine, { unit: UNIT })
      await expectClean(fleet)
    },
  )

  it.each([
    { by: 'endQuarantine', end: (manager: Manager) => manager.execute(endQuarantine, { unit: UNIT }) },
    { by: 'scaleIn', end: (manager: Manager) => manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'] }) },
  ])('is drained before $by takes it away', async ({ end }) => {
    await using beside = await prepareRoll()
    const { fleet, manager, stopAt } = beside
    await stopAt(`${SLOT}/unblock`, rolls(await upgrade(fleet)))
    const [machine] = (await besideOf(manager)).flatMap(({ machines }) => machines)
    const from = await mark(fleet.world)
    await end(manager)
    const made = await mutationsSince(fleet.world, from)
    const about = made.filter(({ subject }) => subject === `${SLOT}/2` || subject === machine?.id)
    expect(about.map(({ call }) => call)).toEqual([
      'balancer.traffic',
      'balancer.traffic',
      'balancer.removeMember',
      'hypervisor.power',
      'hypervisor.remove',
    ])
  })

  it('is gone with its group', async () => {
    await using beside = await prepareRoll()
    const { fleet, manager, stopAt } = beside
    await stopAt(`${SLOT}/unblock`, rolls(await upgrade(fleet)))
    await manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'] })
    expect(await unlisted(fleet)).toEqual([])
    expect((await machinesOf(fleet)).get(SLOT)).toBeUndefined()
  })

  it('is given back with its group', async () => {
    await using beside = await prepareRoll()
    const { fleet, manager, stopAt } = beside
    await stopAt(`${SLOT}/unblock`, rolls(await upgrade(fleet)))
    const ids = (await machinesOf(fleet)).get(SLOT)?.map(({ id }) => id) ?? []
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    const given = (await fleet.world.admin.machines()).filter(({ id }) => ids.includes(id))
    expect(given.map(({ marker }) => marker)).toEqual([undefined, undefined])
    const pools = await fleet.world.admin.pools()
    expect(
      pools.flatMap((pool) => pool.members.map(({ slot }) => slot)).filter((slot) => slot.startsWith(SLOT)),
    ).toEqual([])
  })

  it('is gone with its unit', async () => {
    await using beside = await prepareRoll()
    const { fleet, manager, stopAt } = beside
    await stopAt(`${SLOT}/switch`, rolls(await upgrade(fleet)))
    await manager.execute(deleteUnit, { unit: UNIT, detach: true })
    expect((await machinesOf(fleet)).size).toBe(0)
    expect(await unlisted(fleet)).toEqual([])
  })
})

describe('a replacement beside what serves that fails while it reserves', () => {
  it('lists the address of which nobody was told, so that it can be given back', async () => {
    let isAnswering = false
    await using beside = await prepareRoll((pool) => ({
      ...pool,
      async reserve(network, id, call) {
        const address = await pool.reserve(network, id, call)
        if (isAnswering) return address
        throw new VmunitError('ERR_INTERNAL', 'The answer of the address pool was lost for good.')
      },
    }))
    const { fleet, manager } = beside
    const error = await refusal(manager.execute(applyTemplate, rolls(await upgrade(fleet))))
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(await unlisted(fleet)).toEqual([])
    isAnswering = true
    await manager.execute(endQuarantine, { unit: UNIT })
    await expectClean(fleet)
  })
})

/** The next version, whose application starts again. */
async function repaired({ manager }: Fleet): Promise<TemplateRef> {
  const commands = [['rm', '/etc/application.broken']] as const
  return (await manager.execute(patchTemplate, { template: 'web-base', commands })).version
}
