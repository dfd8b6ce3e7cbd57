import {
  applyTemplate,
  attachGroups,
  detachGroups,
  isVmunitError,
  patchTemplate,
  power,
  start,
  stop,
  updateUnit,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { openSites, type SiteOpener } from './site/open-sites.ts'
import type { Site } from './site/site.ts'
import { buildUnit, createUnit, type Fleet, storyGroups, watched } from './support/fleet.ts'
import { fleetForAll } from './support/fleet-for-all.ts'
import { fileInEach, machineOf, machinesOf, standing } from './support/looks.ts'

// Every operation by the same code at every site: what holds on the simulator must hold on real parts.
describe.each(openSites())('operations on the $name', ({ open }: SiteOpener) => {
  let site: Site
  let fleet: Fleet
  const unit = 'gyoumu_a'
  const slots = ['vmgroup_1/combined/0', 'vmgroup_2/combined/0', 'vmgroup_3/web/0', 'vmgroup_3/app/0']
  const all = (rest: (slot: string) => string): readonly string[] => slots.map((slot) => `${slot} ${rest(slot)}`)
  /** The version of machines that a person made. */
  const first = (): string => (site.tellsOrigin ? '1' : 'undefined')
  const traffic = (slot: string): string => (slot.includes('/app/') ? 'none' : 'in')

  fleetForAll(open, async (opened) => {
    fleet = opened
    site = opened.site
  })

  // One story, told in order: each chapter begins where the one before ended.
  it('attaches, builds and starts a unit of four servers', async () => {
    const groups = storyGroups(site)
    await createUnit(fleet, { unit, groups })
    const { manager } = fleet
    const before = new Set((await site.machines()).map(({ id }) => id))
    await manager.execute(attachGroups, { unit, groups, adopt: true })
    expect(standing(await manager.units.get(unit))).toEqual(all(() => `initial none ${first()}`))
    expect([...(await machinesOf(site, unit)).keys()].toSorted()).toEqual(slots.toSorted())
    expect(new Set((await site.machines()).map(({ id }) => id))).toEqual(before)

    await manager.execute(updateUnit, { unit })
    for (const [slot, text] of Object.entries(await fileInEach(fleet, unit, '/etc/motd'))) {
      const server = (await manager.units.get(unit)).groups
        .flatMap(({ servers }) => servers)
        .find((one) => one.slot === slot)
      expect(text, slot).toBe(`set up for ${server?.address}\n`)
    }
    await manager.execute(start, { unit })
    expect(standing(await manager.units.get(unit))).toEqual(all((slot) => `working ${traffic(slot)} ${first()}`))
  }, 120_000)

  it('stops and starts it, tier by tier', async () => {
    const { manager } = fleet
    await manager.execute(stop, { unit })
    expect(standing(await manager.units.get(unit)).every((line) => line.includes(' stopped '))).toBe(true)
    await manager.execute(start, { unit })
    expect(standing(await manager.units.get(unit))).toEqual(all((slot) => `working ${traffic(slot)} ${first()}`))
  }, 120_000)

  it('patches a template: the next version carries what the command did, no server is touched', async () => {
    const { manager } = fleet
    const changed = await machinesOf(site, unit)
    const { version } = await manager.execute(patchTemplate, {
      template: 'web-base',
      commands: [['touch', '/etc/patched-2']],
    })
    expect(version).toEqual({ template: 'web-base', version: 2 })
    expect(await machinesOf(site, unit)).toEqual(changed)
    expect(Object.values(await fileInEach(fleet, unit, '/etc/patched-2'))).toEqual(slots.map(() => undefined))
  }, 120_000)

  it('rolls it over the groups while the others serve', async () => {
    const { manager } = fleet
    const before = await machinesOf(site, unit)
    await using watch = await site.watch(unit, watched(storyGroups(site)))
    const plan = await manager.plan(applyTemplate, {
      unit,
      template: { template: 'web-base', version: 2 },
      allowOutage: true,
    })
    expect(await machinesOf(site, unit), 'a plan changes nothing').toEqual(before)
    const run = await manager.start(plan)
    await run.result()
    const { fewest } = await watch.stop()
    expect(fewest, 'groups that served at any moment').toBeGreaterThanOrEqual(2)
    expect(standing(await manager.units.get(unit))).toEqual(
      all((slot) => `working ${traffic(slot)} ${slot.includes('/app/') ? first() : 2}`),
    )
    const image = (await manager.templates.get('web-base')).versions.find(({ number }) => number === 2)?.image
    const patched = await fileInEach(fleet, unit, '/etc/patched-2')
    for (const slot of slots) {
      const machine = await machineOf(site, unit, slot)
      const isNew = !slot.includes('/app/')
      expect(machine.lineage.includes(image ?? ''), `${slot} descends from the new version`).toBe(isNew)
      expect(patched[slot], slot).toBe(isNew ? '' : undefined)
      if (isNew) expect(machine.id).not.toBe(before.get(slot)?.[0]?.id)
    }
  }, 240_000)

  it('goes back to the old machine when the new version does not start, and keeps the new one for inspection', async () => {
    const { manager } = fleet
    const { version } = await manager.execute(patchTemplate, {
      template: 'web-base',
      commands: [['touch', '/etc/application.broken']],
    })
    const before = await machinesOf(site, unit)
    const failed = await manager.execute(applyTemplate, { unit, template: version, allowOutage: true }).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(isVmunitError(failed, 'ERR_RUN_FAILED')).toBe(true)
    expect(standing(await manager.units.get(unit))).toEqual(
      all((slot) => `working ${traffic(slot)} ${slot.includes('/app/') ? first() : 2}`),
    )
    const [group] = (await manager.units.get(unit)).groups
    expect(group?.quarantine).toHaveLength(1)
    const kept = (await machinesOf(site, unit)).get('vmgroup_1/combined/0') ?? []
    expect(kept.map(({ power: state }) => state).toSorted()).toEqual(['off', 'on'])
    expect(kept.some(({ id }) => id === before.get('vmgroup_1/combined/0')?.[0]?.id)).toBe(true)
  }, 240_000)

  it('brings a version to the whole unit at once', async () => {
    const { manager } = fleet
    const { version } = await manager.execute(patchTemplate, {
      template: 'web-base',
      commands: [
        ['rm', '-f', '/etc/application.broken'],
        ['touch', '/etc/patched-4'],
      ],
    })
    await manager.execute(applyTemplate, { unit, template: version, whole: true, allowOutage: true })
    expect(standing(await manager.units.get(unit))).toEqual(
      all((slot) => `working ${traffic(slot)} ${slot.includes('/app/') ? first() : 4}`),
    )
    const patched = await fileInEach(fleet, unit, '/etc/patched-4')
    expect(slots.map((slot) => patched[slot] === '')).toEqual(slots.map((slot) => !slot.includes('/app/')))
  }, 240_000)

  it('switches machines off and on again', async () => {
    const { manager } = fleet
    await manager.execute(stop, { unit })
    for (const to of ['off', 'on'] as const) {
      await manager.execute(power, { unit, to })
      for (const slot of slots) {
        const { machine } = (await manager.units.get(unit)).groups
          .flatMap(({ servers }) => servers)
          .find((server) => server.slot === slot)!
        const seen = (await site.machines()).find(({ id }) => id === machine?.id)
        expect(seen?.power, slot).toBe(to)
      }
    }
    await manager.execute(start, { unit })
    expect(standing(await manager.units.get(unit)).every((line) => line.includes(' working '))).toBe(true)
  }, 240_000)

  it('detaches groups and leaves their machines alone', async () => {
    const { manager } = fleet
    const { machine } = (await manager.units.get(unit)).groups[1]!.servers[0]!
    await manager.execute(stop, { unit, groups: ['vmgroup_2'] })
    await manager.execute(detachGroups, { unit, groups: ['vmgroup_2'] })
    expect((await manager.units.get(unit)).groups.map(({ name }) => name)).toEqual(['vmgroup_1', 'vmgroup_3'])
    expect((await site.machines()).find(({ id }) => id === machine?.id)?.marker).toBeUndefined()
  }, 120_000)

  it('touches no machine of another unit, and none of a person', async () => {
    const stranger = await site.provideMachine({
      name: 'gyoumu_a-vmgroup_1-combined-old',
      image: fleet.images.get('web-base') ?? '',
      addresses: [site.addresses(60).address],
    })
    const groups = storyGroups(site, 20).slice(0, 2)
    await buildUnit(fleet, { unit: 'gyoumu_b', groups })
    const machine = await machineOf(site, 'gyoumu_b', 'vmgroup_1/combined/0')
    const changedBefore = await site.changedMachines()
    await fleet.manager.execute(stop, { unit, groups: ['vmgroup_1'] })
    const changed = (await site.changedMachines()).difference(changedBefore)
    expect(changed.has(stranger)).toBe(false)
    expect(changed.has(machine.id)).toBe(false)
  }, 240_000)
})
