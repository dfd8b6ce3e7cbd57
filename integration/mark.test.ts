import { exitClass, mark, start, stop, unmark } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { openSites, type SiteOpener } from './site/open-sites.ts'
import type { Site } from './site/site.ts'
import { buildUnit, type Fleet, storyGroups } from './support/fleet.ts'
import { fleetForAll } from './support/fleet-for-all.ts'

// A server fails, is found, marked, repaired and unmarked (manual 6.3), at every site.
describe.each(openSites())('status and marks on the $name', ({ open }: SiteOpener) => {
  let site: Site
  let fleet: Fleet
  const unit = 'gyoumu_a'

  fleetForAll(open, async (opened) => {
    fleet = opened
    site = opened.site
    await buildUnit(fleet, { unit, groups: storyGroups(site) })
  })

  /** `address tier logical observed machine access balancer updateScope` of every server. */
  async function lines(): Promise<readonly string[]> {
    const { servers } = await fleet.manager.units.status(unit)
    return servers.map(({ address, tierId, logical, observed, machine, access, balancer, updateScope }) =>
      [address, tierId, logical, observed, machine, access, balancer, updateScope].join(' '),
    )
  }

  const address = (host: number): string => site.addresses(host).address

  it('shows a unit that works', async () => {
    const changed = await site.changedMachines()
    expect((await fleet.manager.units.list()).map(({ name }) => name)).toEqual([unit])
    expect(await fleet.manager.units.info(unit)).toMatchObject({ name: unit, description: '業務', owner: 'user_a' })
    expect(await lines()).toEqual([
      `${address(1)} combined working working on online unblocked none`,
      `${address(2)} combined working working on online unblocked none`,
      `${address(3)} web working working on online unblocked none`,
      `${address(4)} app working working on online none none`,
    ])
    expect(await site.changedMachines(), 'a status changes nothing').toEqual(changed)
    expect(await fleet.manager.units.status(unit)).toMatchObject({
      definition: 'reflected',
      allServers: 4,
      activeServers: 4,
      invalidServers: 0,
    })
  }, 60_000)

  it('finds a server whose machine went down', async () => {
    const servers = await fleet.manager.units.servers(unit)
    await site.setPower(servers[0]?.machine?.id ?? '', 'off')
    const status = await fleet.manager.units.status(unit)
    expect(status).toMatchObject({ allServers: 4, activeServers: 3, invalidServers: 1 })
    expect(status.servers[0]).toMatchObject({
      logical: 'working',
      observed: 'stopped',
      machine: 'off',
      access: 'offline',
    })
    expect(status.servers[0]?.hint).toContain('its machine is off')
  }, 60_000)

  it('marks its group, which warns when it is stopped and started, until the mark is taken off', async () => {
    const { manager } = fleet
    const group = 'vmgroup_1'
    await manager.execute(mark, { unit, group, comment: '調査中' })
    const { machine } = (await manager.units.servers(unit))[0]!
    await site.setPower(machine?.id ?? '', 'on')
    await expect
      .poll(async () => (await manager.units.status(unit, { groups: [group] })).servers[0]?.access, { timeout: 30_000 })
      .toBe('online')
    expect((await manager.units.status(unit)).groups[0]?.mark?.comment).toBe('調査中')
    const stopped = await manager.execute(stop, { unit, groups: [group] })
    expect([stopped.warnings, exitClass(stopped)]).toEqual([['vmgroup_1 bears a fault mark: 調査中'], 1])
    await manager.execute(unmark, { unit, group })
    const started = await manager.execute(start, { unit, groups: [group] })
    expect([started.warnings, exitClass(started)]).toEqual([[], 0])
    expect(await lines()).toEqual([
      `${address(1)} combined working working on online unblocked none`,
      `${address(2)} combined working working on online unblocked none`,
      `${address(3)} web working working on online unblocked none`,
      `${address(4)} app working working on online none none`,
    ])
  }, 120_000)
})
