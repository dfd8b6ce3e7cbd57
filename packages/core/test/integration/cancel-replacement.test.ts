import {
  type ApplyTemplateInput,
  applyTemplate,
  deleteUnit,
  detachGroups,
  endQuarantine,
  type Manager,
  recoverServer,
  scaleIn,
  scaleOut,
  type TemplateRef,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import {
  besideOf,
  expectClean,
  expectOnlyCleared,
  idsOf,
  type Planner,
  prepareRoll,
  unlisted,
} from '../support/stoppable-roll.ts'
import { breakVersion, machinesOf, SLOTS, UNIT, upgrade } from '../support/story.ts'

const [SLOT] = SLOTS

const rolls = (template: TemplateRef, more: Partial<ApplyTemplateInput> = {}): ApplyTemplateInput => ({
  unit: UNIT,
  template,
  groups: ['vmgroup_1'],
  allowOutage: true,
  ...more,
})

/** Brings all servers of some groups back into service by new machines. */
async function recoverAll(manager: Manager, groups: readonly string[]): Promise<void> {
  const unit = await manager.units.get(UNIT)
  for (const { servers } of unit.groups.filter(({ name }) => groups.includes(name))) {
    for (const { slot } of servers) {
      await manager.execute(recoverServer, { unit: UNIT, server: slot, by: 'replace', allowOutage: true })
    }
  }
}

describe('a replacement in the place of what serves that is cancelled', () => {
  it.each([
    { moment: 'with the old one switched off', step: 'power-shutdown', left: [] },
    { moment: 'unbinding the old one', step: 'detach', left: ['old'] },
    { moment: 'making the new one', step: 'create@web-base:2', left: ['old', 'new'] },
    { moment: 'binding the new one', step: 'attach', left: ['old'] },
    { moment: 'bringing it up', step: 'answer', left: ['old'] },
    { moment: 'removing the old one', step: 'return-old', left: [] },
  ])('$moment leaves nothing unlisted, and endQuarantine takes it away', async ({ step, left }) => {
    await using roll = await prepareRoll()
    const { fleet, manager, stopAt } = roll
    const [old] = (await machinesOf(fleet)).get(SLOT) ?? []
    const run = await stopAt(`${SLOT}/${step}`, rolls(await upgrade(fleet)))
    expect(await unlisted(fleet)).toEqual([])
    const beside = await besideOf(manager)
    const machines = beside.flatMap((one) => one.machines)
    expect(machines.map(({ id }) => (id === old?.id ? 'old' : 'new'))).toEqual(left)
    const { sentences } = await manager.explain(run.id, SLOT)
    expect(sentences.join(' ').includes(`stands beside it, brought there by run ${run.id}`)).toBe(left.length > 0)
    await manager.execute(endQuarantine, { unit: UNIT })
    const bound = (await manager.units.get(UNIT)).groups[0]?.servers[0]?.machine?.id
    expect((await machinesOf(fleet)).get(SLOT)?.map(({ id }) => id) ?? []).toEqual(bound === undefined ? [] : [bound])
    await recoverAll(manager, ['vmgroup_1'])
    await manager.execute(endQuarantine, { unit: UNIT })
    await expectClean(fleet)
  })

  it.each([{ returnOld: 'afterHealth' }, { returnOld: 'first' }] as const)(
    'at any step leaves nothing unlisted, and a recovery takes it away before it begins; $returnOld',
    async ({ returnOld }) => {
      await using roll = await prepareRoll()
      const { fleet, manager, stopAt } = roll
      const groups = ['vmgroup_3']
      const request = async () => rolls(await upgrade(fleet), { groups, returnOld, replace: 'group' })
      const names = idsOf(await manager.plan(applyTemplate, await request()))
      expect(names.length).toBeGreaterThan(20)
      for (const [index, name] of names.entries()) {
        await stopAt(names.length - index, await request())
        expect(await unlisted(fleet), name).toEqual([])
        await recoverAll(manager, groups)
        expect(await besideOf(manager), name).toEqual([])
        await manager.execute(endQuarantine, { unit: UNIT })
      }
      await expectClean(fleet)
    },
    120_000,
  )

  it.each([{ whole: false }, { whole: true }])('is cleared up by the next roll; whole: $whole', async ({ whole }) => {
    await using roll = await prepareRoll()
    const { fleet, manager, stopAt } = roll
    await stopAt(`${SLOT}/answer`, rolls(await upgrade(fleet)))
    expect(await besideOf(manager)).toHaveLength(1)
    const groups = ['vmgroup_3', 'vmgroup_1']
    await manager.execute(applyTemplate, rolls(await upgrade(fleet), { groups, whole }))
    expect(await besideOf(manager)).toEqual([])
    expect(await unlisted(fleet)).toEqual([])
  })

  it('is cleared up by the next roll to the version that the server has already, which changes nothing else', async () => {
    await using roll = await prepareRoll()
    await expectOnlyCleared(roll, { slot: SLOT, step: 'unblock', rolls })
  })

  it('on the way back leaves nothing unlisted', async () => {
    for (const step of ['quarantine', 'rebind']) {
      await using roll = await prepareRoll()
      const { fleet, manager, stopAt } = roll
      await stopAt(`${SLOT}/${step}`, rolls(await breakVersion(fleet)))
      expect(await unlisted(fleet), step).toEqual([])
      const kept = (await manager.units.get(UNIT)).groups.flatMap(({ quarantine }) => quarantine)
      expect(kept, step).toHaveLength(1)
      expect((await besideOf(manager)).flatMap(({ machines }) => machines).length, step).toBe(step === 'rebind' ? 0 : 1)
    }
  })

  it('that fails and goes back has nothing beside it', async () => {
    await using roll = await prepareRoll()
    const { fleet, manager } = roll
    expect((await refusal(manager.execute(applyTemplate, rolls(await breakVersion(fleet))))).code).toBe(
      'ERR_RUN_FAILED',
    )
    expect(await besideOf(manager)).toEqual([])
    expect(await unlisted(fleet)).toEqual([])
  })

  it('when its process has died while it made the new one leaves nothing unlisted either', async () => {
    await using roll = await prepareRoll()
    const { fleet, manager, stopAt } = roll
    await stopAt(`${SLOT}/create@web-base:2`, rolls(await upgrade(fleet)), 'die')
    await expect.poll(async () => (await machinesOf(fleet)).get(SLOT)?.length).toBe(2)
    expect(await unlisted(fleet)).toEqual([])
    await manager.execute(endQuarantine, { unit: UNIT })
    expect((await machinesOf(fleet)).get(SLOT)).toBeUndefined()
    expect(await besideOf(manager)).toEqual([])
  })

  it.each([
    { by: 'scaleIn', leave: (manager: Manager) => manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'] }) },
    { by: 'deleteUnit', leave: (manager: Manager) => manager.execute(deleteUnit, { unit: UNIT, detach: true }) },
  ])('is gone with its group by $by', async ({ leave }) => {
    await using roll = await prepareRoll()
    const { fleet, manager, stopAt } = roll
    await stopAt(`${SLOT}/create@web-base:2`, rolls(await upgrade(fleet)))
    await leave(manager)
    expect((await machinesOf(fleet)).get(SLOT)).toBeUndefined()
  })

  it('is given back with its group', async () => {
    await using roll = await prepareRoll()
    const { fleet, manager, stopAt } = roll
    await stopAt(`${SLOT}/create@web-base:2`, rolls(await upgrade(fleet)))
    const ids = (await machinesOf(fleet)).get(SLOT)?.map(({ id }) => id) ?? []
    await manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    const given = (await fleet.world.admin.machines()).filter(({ id }) => ids.includes(id))
    expect(given.map(({ marker }) => marker)).toEqual([undefined, undefined])
  })
})

describe('another operation that makes machines and is cancelled', () => {
  const group = {
    name: 'vmgroup_9',
    servers: [{ tierId: 'combined', address: '192.168.1.190', port: 20580, serviceAddress: '192.168.2.190' }],
  }
  const operations: readonly {
    readonly name: string
    readonly planner: Planner
    readonly after: (manager: Manager) => Promise<unknown>
  }[] = [
    {
      name: 'scaleOut',
      planner: (manager) => manager.plan(scaleOut, { unit: UNIT, groups: [group] }),
      after: (manager) => manager.execute(scaleIn, { unit: UNIT, groups: [group.name] }),
    },
    {
      name: 'recoverServer',
      planner: (manager) => manager.plan(recoverServer, { unit: UNIT, server: SLOT, by: 'replace', allowOutage: true }),
      after: (manager) => recoverAll(manager, ['vmgroup_1']),
    },
  ]

  it.each(operations)(
    'at any step leaves nothing unlisted: $name',
    async ({ planner, after }) => {
      await using roll = await prepareRoll()
      const { fleet, manager, stopAt } = roll
      const names = idsOf(await planner(manager))
      expect(names.length).toBeGreaterThan(8)
      for (const [index, name] of names.entries()) {
        await stopAt(names.length - index, planner)
        expect(await unlisted(fleet), name).toEqual([])
        await after(manager)
        await manager.execute(endQuarantine, { unit: UNIT })
        expect(await besideOf(manager), name).toEqual([])
      }
      await expectClean(fleet)
    },
    120_000,
  )
})
