import { attachGroups, collectLogs, requestResources, start, updateUnit } from '@vmunit/core'
import { formatVirtualServerInfo, parseVirtualServerInfo } from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'
import { openSites, type SiteOpener } from './site/open-sites.ts'
import type { Site } from './site/site.ts'
import { buildUnit, type Fleet, provideMachines, storyGroups } from './support/fleet.ts'
import { fleetForAll } from './support/fleet-for-all.ts'
import { machineOf, standing } from './support/looks.ts'

describe.each(openSites())('requests, logs and diagnosis on the $name', ({ open }: SiteOpener) => {
  let site: Site
  let fleet: Fleet
  const unit = 'gyoumu_a'

  fleetForAll(open, async (opened) => {
    fleet = opened
    site = opened.site
    await buildUnit(fleet, { unit, groups: storyGroups(site).slice(0, 2) })
  })

  it('servers come from the resource manager with a virtualserver-info.xml, and serve', async () => {
    const { manager } = fleet
    const request = {
      kind: 'provideServers',
      unit,
      template: 'web-base',
      version: 1,
      groups: [{ name: 'vmgroup_4', servers: [{ tierId: 'combined' }] }],
    } as const
    const period = { from: Date.now(), until: Date.now() + 3_600_000 }
    const run = await manager.start(await manager.plan(requestResources, { request, ...period, by: 'person' }))
    const { request: asked = '' } = await run.until('waiting', { timeoutMs: 60_000 })

    const made = [{ name: 'vmgroup_4', servers: [{ tierId: 'combined', port: 20580, ...site.addresses(9) }] }]
    await provideMachines(fleet, { unit, groups: made })
    const groups = parseVirtualServerInfo(formatVirtualServerInfo(made))
    await manager.answer(asked, { approve: true, content: { groups } })
    const { groups: provided } = await run.result()
    await manager.execute(attachGroups, { unit, groups: provided, adopt: true })
    await manager.execute(updateUnit, { unit, groups: ['vmgroup_4'] })
    await manager.execute(start, { unit, groups: ['vmgroup_4'] })
    expect(standing(await manager.units.get(unit)).at(-1)).toMatch(/^vmgroup_4\/combined\/0 working in /)
  }, 180_000)

  it('collects the logs of every server', async () => {
    const { manager } = fleet
    const { servers, warnings } = await manager.execute(collectLogs, { unit, paths: ['/opt/vmunit/definition'] })
    expect(warnings).toEqual([])
    expect(servers).toHaveLength(3)
    for (const { archive, sizeBytes } of servers) {
      const bytes = Buffer.concat(await Array.fromAsync(manager.archives.read(archive)))
      expect(bytes.length).toBe(sizeBytes)
      expect(bytes.toString('latin1')).toContain('hypervisor/diagnostics')
    }
  }, 120_000)

  it('says what is at fault: nothing, then a machine that is off', async () => {
    const { manager } = fleet
    expect((await manager.diagnose({ unit })).faults).toEqual([])
    const slot = 'vmgroup_1/combined/0'
    await site.setPower((await machineOf(site, unit, slot)).id, 'off')
    const { faults } = await manager.diagnose({ unit, timeoutMs: 5_000 })
    expect(faults).toMatchObject([{ part: 'machine', server: slot, state: 'fault' }])
  }, 120_000)
})
