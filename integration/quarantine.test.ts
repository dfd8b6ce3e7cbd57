import {
  applyTemplate,
  endQuarantine,
  isVmunitError,
  type Outcome,
  patchTemplate,
  type TemplateRef,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { openSites, type SiteOpener } from './site/open-sites.ts'
import type { Site } from './site/site.ts'
import { buildUnit, type Fleet, storyGroups } from './support/fleet.ts'
import { fleetForAll } from './support/fleet-for-all.ts'
import { machinesOf, standing } from './support/looks.ts'

describe.each(openSites())('machines that failed on the $name', ({ open }: SiteOpener) => {
  let site: Site
  let fleet: Fleet
  let template: TemplateRef
  const unit = 'gyoumu_a'
  const slot = 'vmgroup_1/combined/0'

  fleetForAll(open, async (opened) => {
    fleet = opened
    site = opened.site
    await buildUnit(fleet, { unit, groups: storyGroups(site).slice(0, 1) })
    const commands = [['touch', '/etc/application.broken']] as const
    template = (await fleet.manager.execute(patchTemplate, { template: 'web-base', commands })).version
  })

  async function fail(servers: number): Promise<readonly Outcome[]> {
    const quarantine = { servers, paths: ['/opt/vmunit/definition'] }
    const work = fleet.manager.execute(applyTemplate, { unit, template, allowOutage: true, quarantine })
    const error: unknown = await work.catch((reason: unknown) => reason)
    if (!isVmunitError(error, 'ERR_RUN_FAILED')) throw error
    return error.details['outcomes'] as readonly Outcome[]
  }

  async function kept(): Promise<readonly string[]> {
    const { groups } = await fleet.manager.units.get(unit)
    return groups.flatMap(({ quarantine }) => quarantine.map(({ machine }) => machine.id))
  }

  async function expectOnlyKept(): Promise<void> {
    const off = ((await machinesOf(site, unit)).get(slot) ?? []).filter(({ power }) => power === 'off')
    expect(off.map(({ id }) => id).toSorted()).toEqual((await kept()).toSorted())
    expect(standing(await fleet.manager.units.get(unit))).toEqual([expect.stringMatching(/ working in /)])
  }

  it('are kept with what guest and hypervisor tell, the newest within the budget, until their quarantine ends', async () => {
    const { manager } = fleet
    const [outcome] = await fail(1)
    expect(outcome).toMatchObject({ server: slot, status: 'quarantined' })
    const chunks = await Array.fromAsync(manager.archives.read(outcome?.diagnostics ?? ''))
    const archive = Buffer.concat(chunks).toString('latin1')
    for (const part of [
      'guest/1-opt-vmunit-definition.tar',
      'hypervisor/diagnostics',
      'journal.jsonl',
      'step.failed',
    ]) {
      expect(archive).toContain(part)
    }
    expect(archive).toContain('"problems": []')
    const [first] = await kept()
    await expectOnlyKept()

    await fail(1)
    expect(await kept()).toHaveLength(1)
    expect(await kept()).not.toContain(first)
    await expectOnlyKept()

    await manager.execute(endQuarantine, { unit })
    expect(await kept()).toEqual([])
    await expectOnlyKept()
  }, 300_000)
})
