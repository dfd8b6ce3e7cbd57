import {
  applyPatch,
  block,
  createTemplate,
  deleteUnit,
  isVmunitError,
  recoverServer,
  retireTemplate,
  runScript,
  scaleIn,
  scaleOut,
  unblock,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { openSites, type SiteOpener } from './site/open-sites.ts'
import type { Site } from './site/site.ts'
import { directoryOf } from './support/directory.ts'
import { buildUnit, type Fleet, storyGroups, watched } from './support/fleet.ts'
import { fleetForAll } from './support/fleet-for-all.ts'
import { fileInEach, machineOf, machinesOf, standing } from './support/looks.ts'

// What an administrator does to a fleet that runs, by the same code at every site.
describe.each(openSites())('changes of a fleet on the $name', ({ open }: SiteOpener) => {
  let site: Site
  let fleet: Fleet
  const unit = 'gyoumu_a'
  const slots = ['vmgroup_1/combined/0', 'vmgroup_2/combined/0', 'vmgroup_3/web/0', 'vmgroup_3/app/0']
  const first = (): string => (site.tellsOrigin ? '1' : 'undefined')
  const traffic = (slot: string): string => (slot.includes('/app/') ? 'none' : 'in')
  const serving = (): readonly string[] => slots.map((slot) => `${slot} working ${traffic(slot)} ${first()}`)

  fleetForAll(open, async (opened) => {
    fleet = opened
    site = opened.site
    await buildUnit(fleet, { unit, groups: storyGroups(site) })
  })

  // One story, told in order: each chapter begins where the one before ended.
  it('block takes the traffic away while the application goes on, unblock gives it back', async () => {
    const { manager } = fleet
    await using watch = await site.watch(unit, watched(storyGroups(site)))
    await manager.execute(block, { unit, groups: ['vmgroup_1'] })
    expect(standing(await manager.units.get(unit))[0]).toBe(`${slots[0]} working out ${first()}`)
    await manager.execute(unblock, { unit, groups: ['vmgroup_1'] })
    expect(standing(await manager.units.get(unit))).toEqual(serving())
    expect((await watch.stop()).interrupted.every((group) => group === 'vmgroup_1')).toBe(true)
  }, 120_000)

  it('runScript runs the directory with the identifier of each server, and takes its files away', async () => {
    const { manager } = fleet
    const script = '#!/bin/sh\ncp userscript_dir/data /etc/data\necho $VMI_VIRTUALID > /etc/identifier\n'
    const { hash } = await manager.definitions.add(directoryOf({ 'user-script': script, data: 'carried' }))
    await manager.execute(runScript, { unit, script: hash })
    const servers = (await manager.units.get(unit)).groups.flatMap((group) => group.servers)
    expect(await fileInEach(fleet, unit, '/etc/identifier')).toEqual(
      Object.fromEntries(servers.map(({ slot, address }) => [slot, `${address}\n`])),
    )
    expect(Object.values(await fileInEach(fleet, unit, '/etc/data'))).toEqual(slots.map(() => 'carried'))
    expect(Object.values(await fileInEach(fleet, unit, '/opt/vmunit/userscript_dir/user-script'))).toEqual(
      slots.map(() => undefined),
    )
    expect(standing(await manager.units.get(unit))).toEqual(serving())
  }, 120_000)

  it('applyPatch patches in place, group by group, and reboots', async () => {
    const { manager } = fleet
    const before = [...(await machinesOf(site, unit)).values()].flat().map(({ id }) => id)
    await using watch = await site.watch(unit, watched(storyGroups(site)))
    await manager.execute(applyPatch, {
      unit,
      commands: [['touch', '/etc/patched-in-place']],
      reboot: true,
      allowOutage: true,
    })
    expect((await watch.stop()).fewest).toBeGreaterThanOrEqual(2)
    expect(Object.values(await fileInEach(fleet, unit, '/etc/patched-in-place'))).toEqual(slots.map(() => ''))
    expect([...(await machinesOf(site, unit)).values()].flat().map(({ id }) => id)).toEqual(before)
    expect(standing(await manager.units.get(unit))).toEqual(serving())
  }, 240_000)

  it('applyPatch by a person waits for the answer while the group is stopped', async () => {
    const { manager } = fleet
    const run = await manager.start(await manager.plan(applyPatch, { unit, groups: ['vmgroup_2'], by: 'person' }))
    await run.until('waiting', { timeoutMs: 60_000 })
    expect(standing(await manager.units.get(unit))[1]).toBe(`${slots[1]} stopped out ${first()}`)
    const { id } = await machineOf(site, unit, 'vmgroup_2/combined/0')
    await site.writeFile(id, '/etc/by-hand', 'done')
    const [request] = await manager.requests.list()
    await manager.answer(request?.id ?? '', { approve: true })
    await run.result()
    expect(standing(await manager.units.get(unit))).toEqual(serving())
  }, 120_000)

  it('recoverServer repairs a server whose machine went off', async () => {
    const { manager } = fleet
    const { id } = await machineOf(site, unit, 'vmgroup_1/combined/0')
    await site.setPower(id, 'off')
    await manager.execute(recoverServer, { unit, server: 'vmgroup_1/combined/0', by: 'repair' })
    expect((await machineOf(site, unit, 'vmgroup_1/combined/0')).id).toBe(id)
    expect(standing(await manager.units.get(unit))).toEqual(serving())
  }, 120_000)

  it('recoverServer replaces a server and keeps its old machine for inspection', async () => {
    const { manager } = fleet
    const old = await machineOf(site, unit, 'vmgroup_1/combined/0')
    await manager.execute(recoverServer, { unit, server: 'vmgroup_1/combined/0', by: 'replace', version: 1 })
    const machines = (await machinesOf(site, unit)).get('vmgroup_1/combined/0') ?? []
    expect(machines.map(({ id, power }) => `${id === old.id ? 'old' : 'new'} ${power}`).toSorted()).toEqual([
      'new on',
      'old off',
    ])
    expect(standing(await manager.units.get(unit))[0]).toBe(`${slots[0]} working in 1`)
  }, 120_000)

  it('scaleOut adds a group from the template, scaleIn takes it away again', async () => {
    const { manager } = fleet
    const groups = [
      { name: 'vmgroup_4', servers: [{ tierId: 'combined', port: 20580, ...site.addresses(40) }] },
    ] as const
    const before = new Set((await site.machines()).map(({ id }) => id))
    await manager.execute(scaleOut, { unit, groups })
    expect(standing(await manager.units.get(unit)).at(-1)).toBe('vmgroup_4/combined/0 working in 1')
    expect((await machineOf(site, unit, 'vmgroup_4/combined/0')).power).toBe('on')
    await manager.execute(scaleIn, { unit, groups: ['vmgroup_4'] })
    expect(new Set((await site.machines()).map(({ id }) => id))).toEqual(before)
    expect((await manager.units.get(unit)).groups.map(({ name }) => name)).not.toContain('vmgroup_4')
  }, 240_000)

  it('createTemplate makes a template from an image, retireTemplate removes it again', async () => {
    const { manager } = fleet
    const { version } = await manager.execute(createTemplate, {
      template: 'new-base',
      hypervisor: 'main',
      from: { image: fleet.images.get('web-base') ?? '' },
      commands: [['touch', '/etc/installed']],
    })
    expect(version).toEqual({ template: 'new-base', version: 1 })
    const removed = await manager.execute(retireTemplate, { template: 'new-base', versions: [1], to: 'removed' })
    expect(removed).toMatchObject({ versions: [1], kept: [] })
    const { versions } = await manager.templates.get('new-base')
    expect(versions.map(({ state }) => state)).toEqual(['removed'])
  }, 240_000)

  it('deleteUnit stops and detaches everything, and deletes the machines but those in quarantine', async () => {
    const { manager } = fleet
    const kept = (await manager.units.get(unit)).groups.flatMap(({ quarantine }) => quarantine)
    await manager.execute(deleteUnit, { unit, detach: true })
    const gone = await manager.units.get(unit).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(isVmunitError(gone, 'ERR_NOT_FOUND')).toBe(true)
    expect((await machinesOf(site, unit)).size, 'no machine bears our marker').toBe(0)
    expect((await site.machines()).map(({ id }) => id)).toEqual(kept.map(({ machine }) => machine.id))
  }, 240_000)
})
