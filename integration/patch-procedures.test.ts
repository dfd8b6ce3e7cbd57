import {
  applyPatch,
  applyTemplate,
  attachGroups,
  detachGroups,
  type Manager,
  patchTemplate,
  power,
  requestResources,
  scaleIn,
  scaleOut,
  start,
  stop,
  updateUnit,
} from '@vmunit/core'
import { formatVirtualServerInfo, parseVirtualServerInfo } from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'
import { openSites, type SiteOpener } from './site/open-sites.ts'
import type { Site } from './site/site.ts'
import { buildUnit, type Fleet, provideMachines, storyGroups, watched } from './support/fleet.ts'
import { fleetForAll } from './support/fleet-for-all.ts'
import { fileInEach, machineOf, machinesOf, standing } from './support/looks.ts'

const HOUR_MS = 3_600_000

// The procedures of the manual, section 6.2.3, step by step as it has them, and by the operation that does the whole.
describe.each(openSites())('6.2.3 on the $name', ({ open }: SiteOpener) => {
  const unit = 'gyoumu_a'
  const slots = ['vmgroup_1/combined/0', 'vmgroup_2/combined/0']
  let site: Site
  let fleet: Fleet
  let manager: Manager

  fleetForAll(open, async (opened) => {
    fleet = opened
    site = opened.site
    manager = fleet.manager
    await buildUnit(fleet, { unit, groups: storyGroups(site).slice(0, 2) })
  })

  const period = () => ({ from: Date.now(), until: Date.now() + HOUR_MS })
  const versions = async () => (await manager.units.servers(unit)).map(({ templateVersion }) => templateVersion)

  // One story, told in order: each chapter begins where the one before ended.
  it('(1): a template is patched by a command, in one run', async () => {
    const { version } = await manager.execute(patchTemplate, {
      template: 'web-base',
      commands: [['touch', '/etc/patched-2']],
    })
    expect(version).toEqual({ template: 'web-base', version: 2 })
  }, 120_000)

  it('(1): a server is arranged, patched by hand, and registered as the next version; the old one is deleted', async () => {
    const before = new Set((await site.machines()).map(({ id }) => id))
    const patchServer = { kind: 'patchServer', template: 'web-base', version: 2 } as const
    const arranged = await manager.execute(requestResources, { request: patchServer, ...period(), by: 'driver' })
    const { address } = arranged.provided as { readonly address: string }
    const work = (await site.machines()).find(({ id }) => !before.has(id))
    await site.writeFile(work?.id ?? '', '/etc/patched-3', '')
    const request = { kind: 'registerTemplate', template: 'web-base', server: address, deleteVersion: 2 } as const
    const { version } = await manager.execute(requestResources, { request, ...period(), by: 'driver' })
    expect(version).toEqual({ template: 'web-base', version: 3 })
  }, 120_000)

  it('(2)(a), in part: groups are patched in place one after another, by a command and by a person', async () => {
    await using watch = await site.watch(unit, watched(storyGroups(site).slice(0, 2)))
    await manager.execute(applyPatch, { unit, commands: [['touch', '/etc/in-place']] })
    const run = await manager.start(await manager.plan(applyPatch, { unit, groups: ['vmgroup_2'], by: 'person' }))
    const { request: id = '' } = await run.until('waiting', { timeoutMs: 60_000 })
    expect(standing(await manager.units.get(unit))[1]).toContain('vmgroup_2/combined/0 stopped out')
    await site.writeFile((await machineOf(site, unit, slots[1] ?? '')).id, '/etc/by-hand', 'done')
    await manager.answer(id, { approve: true })
    await run.result()
    expect((await watch.stop()).fewest).toBe(1)
    expect(Object.values(await fileInEach(fleet, unit, '/etc/in-place'))).toEqual(['', ''])
    expect(standing(await manager.units.get(unit)).every((line) => line.includes(' working in '))).toBe(true)
  }, 120_000)

  it('(2)(a), whole: everything is stopped, patched in place, and started, by a command and by a person', async () => {
    const whole = { unit, whole: true, allowOutage: true } as const
    await manager.execute(applyPatch, { ...whole, commands: [['touch', '/etc/in-place-whole']] })
    const run = await manager.start(await manager.plan(applyPatch, { ...whole, by: 'person' }))
    const { request: id = '' } = await run.until('waiting', { timeoutMs: 60_000 })
    expect(standing(await manager.units.get(unit)).every((line) => line.includes(' stopped out '))).toBe(true)
    await manager.answer(id, { approve: true })
    await run.result()
    expect(Object.values(await fileInEach(fleet, unit, '/etc/in-place-whole'))).toEqual(['', ''])
    expect(standing(await manager.units.get(unit)).every((line) => line.includes(' working in '))).toBe(true)
  }, 120_000)

  it('(2)(b), in part: a group is scaled in and out again with the new version; the other serves', async () => {
    const [, second] = storyGroups(site)
    await using watch = await site.watch(unit, watched(storyGroups(site).slice(0, 2)))
    await manager.execute(scaleIn, { unit, groups: ['vmgroup_2'] })
    await manager.execute(scaleOut, { unit, groups: [second!] })
    expect((await watch.stop()).interrupted).toEqual(['vmgroup_2'])
    expect((await versions())[1]).toBe(3)
    expect((await fileInEach(fleet, unit, '/etc/patched-3'))[slots[1] ?? '']).toBe('')
  }, 120_000)

  it('(2)(b), in part: the same as one run, over the groups that are left', async () => {
    await manager.execute(applyTemplate, { unit, template: { template: 'web-base', version: 3 } })
    expect(await versions()).toEqual([3, 3])
    for (const slot of slots) await machineOf(site, unit, slot)
  }, 120_000)

  it('(2)(b), whole: the thirteen steps, one after another', async () => {
    const { version } = await manager.execute(patchTemplate, {
      template: 'web-base',
      commands: [['touch', '/etc/patched-4']],
    })
    const old = (await manager.units.servers(unit)).map(({ address }) => address)
    // 2 and 3: everything is stopped, and one group after another is unregistered.
    await manager.execute(stop, { unit })
    for (const group of ['vmgroup_1', 'vmgroup_2']) await manager.execute(detachGroups, { unit, groups: [group] })
    // 4: the resource manager takes the servers back.
    const takeBack = { kind: 'takeBack', unit, addresses: old } as const
    await manager.execute(requestResources, { request: takeBack, ...period(), by: 'driver' })
    expect((await machinesOf(site, unit)).size).toBe(0)
    // 5 and 6: the resource manager is asked for new ones, makes them and reports them.
    const provideServers = {
      kind: 'provideServers',
      unit,
      template: 'web-base',
      version: version.version,
      groups: ['vmgroup_1', 'vmgroup_2'].map((name) => ({ name, servers: [{ tierId: 'combined' }] })),
    } as const
    const run = await manager.start(
      await manager.plan(requestResources, { request: provideServers, ...period(), by: 'person' }),
    )
    const { request: id = '' } = await run.until('waiting', { timeoutMs: 60_000 })
    const groups = storyGroups(site, 110).slice(0, 2)
    const image = (await manager.templates.get('web-base')).versions.find(
      ({ number }) => number === version.version,
    )?.image
    const images = new Map(fleet.images).set('web-base', image ?? '')
    await provideMachines({ ...fleet, images }, { unit, groups })
    // 8: the file of the groups is written with what was reported.
    const file = formatVirtualServerInfo(groups)
    await manager.answer(id, { approve: true, content: { groups: parseVirtualServerInfo(file) } })
    const { groups: provided } = await run.result()
    // 9 and 10: they are registered, and switched on where they are off.
    await manager.execute(attachGroups, { unit, groups: provided, adopt: true })
    await site.setPower((await machineOf(site, unit, slots[0] ?? '')).id, 'off')
    await manager.execute(power, { unit, to: 'on' })
    // 12 and 13: the definition is reflected on all of them, and everything is started.
    await manager.execute(updateUnit, { unit })
    await manager.execute(start, { unit })
    expect(standing(await manager.units.get(unit)).every((line) => line.includes(' working in '))).toBe(true)
    expect((await manager.units.servers(unit)).map(({ address }) => address)).toEqual(
      groups.flatMap(({ servers }) => servers.map(({ address }) => address)),
    )
    expect(Object.values(await fileInEach(fleet, unit, '/etc/patched-4'))).toEqual(['', ''])
  }, 240_000)

  it('(2)(b), whole: the thirteen steps as one run, in the order of the manual', async () => {
    const { version } = await manager.execute(patchTemplate, {
      template: 'web-base',
      commands: [['touch', '/etc/patched-5']],
    })
    const plan = await manager.plan(applyTemplate, {
      unit,
      template: version,
      whole: true,
      returnOld: 'first',
      allowOutage: true,
    })
    await (await manager.start(plan)).result()
    expect(await versions()).toEqual([version.version, version.version])
    expect(Object.values(await fileInEach(fleet, unit, '/etc/patched-5'))).toEqual(['', ''])
    expect(standing(await manager.units.get(unit)).every((line) => line.includes(' working in '))).toBe(true)
  }, 240_000)
})
