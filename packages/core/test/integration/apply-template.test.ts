import { applyTemplate, formatPlan, patchTemplate } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, storyGroups } from '../support/fleet.ts'

describe('applyTemplate, rolling', () => {
  it('patches a template and brings it to every group while the others serve', async () => {
    await using fleet = await createFleet()
    const { manager, world } = fleet
    await fleet.build('gyoumu_a', storyGroups())
    const { version } = await manager.execute(patchTemplate, {
      template: 'web-base',
      commands: [['dnf', '-y', 'upgrade', '--security']],
    })
    expect(version).toEqual({ template: 'web-base', version: 2 })
    const plan = await manager.plan(applyTemplate, { unit: 'gyoumu_a', template: version, allowOutage: true })
    console.log(formatPlan(plan))
    const run = await manager.start(plan)
    const { outcomes } = await run.result()
    expect(outcomes.map(({ server, status }) => `${server} ${status}`)).toEqual([
      'vmgroup_1/combined/0 changed',
      'vmgroup_2/combined/0 changed',
      'vmgroup_3/web/0 changed',
      'vmgroup_3/app/0 changed',
    ])
    console.log(await world.admin.machines())
  })
})
