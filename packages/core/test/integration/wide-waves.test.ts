import { applyTemplate, type GroupDeclaration, patchTemplate } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet } from '../support/fleet.ts'

const GROUPS: readonly GroupDeclaration[] = Array.from({ length: 9 }, (_, index) => ({
  name: `vmgroup_${index + 1}`,
  servers: [
    {
      tierId: 'combined',
      address: `192.168.1.${101 + index}`,
      port: 20580,
      serviceAddress: `192.168.2.${101 + index}`,
    },
  ],
}))

describe('several groups at once', () => {
  it('are taken out together while others serve', async () => {
    await using fleet = await createFleet()
    await fleet.build('gyoumu_a', GROUPS)
    const { version } = await fleet.manager.execute(patchTemplate, { template: 'web-base', commands: [['true']] })
    const { outcomes } = await fleet.manager.execute(applyTemplate, {
      unit: 'gyoumu_a',
      template: version,
      waves: [{ groups: 1 }, { groups: 5 }],
    })
    expect(outcomes.map(({ status }) => status)).toEqual(GROUPS.map(() => 'changed'))
  })

  it('of one failure domain are changed before those of the next', async () => {
    await using fleet = await createFleet()
    await fleet.build('gyoumu_a', GROUPS)
    const { version } = await fleet.manager.execute(patchTemplate, { template: 'web-base', commands: [['true']] })
    const plan = await fleet.manager.plan(applyTemplate, {
      unit: 'gyoumu_a',
      template: version,
      waves: [{ groups: 4, failureDomains: 'oneByOne' }],
      maxFailures: 1,
    })
    const domains = new Map(
      (await fleet.world.admin.machines()).map(({ name, failureDomain }) => [name, failureDomain]),
    )
    for (const change of plan.phases[0]?.changes ?? []) {
      expect(change.failureDomain).toBe(domains.get(`gyoumu_a-${change.group}-combined`))
    }
    expect(plan.maxFailures).toBe(1)
  })

  it('have their new machines in the failure domains of the old ones', async () => {
    await using fleet = await createFleet()
    await fleet.build('gyoumu_a', GROUPS)
    const placesOf = async (): Promise<readonly string[]> =>
      (await fleet.world.admin.machines())
        .flatMap(({ marker, failureDomain }) => (marker === undefined ? [] : [`${marker.slot} ${failureDomain}`]))
        .toSorted()
    const before = await placesOf()
    const { version } = await fleet.manager.execute(patchTemplate, { template: 'web-base', commands: [['true']] })
    await fleet.manager.execute(applyTemplate, { unit: 'gyoumu_a', template: version, waves: [{ groups: 2 }] })
    expect(new Set(before.map((place) => place.split(' ')[1])).size).toBeGreaterThan(1)
    expect(await placesOf()).toEqual(before)
  })
})
