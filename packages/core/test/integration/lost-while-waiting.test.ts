import { type GroupDeclaration, scaleOut } from '@vmunit/core'
import type { World } from '@vmunit/core/testing'
import { describe, expect, it } from 'vitest'
import { createFleet, storyGroups } from '../support/fleet.ts'
import { UNIT } from '../support/story.ts'
import { until } from '../support/until.ts'

const ADDRESS = '192.168.1.140'
const NEW_GROUP: GroupDeclaration = {
  name: 'vmgroup_4',
  servers: [{ tierId: 'combined', address: ADDRESS, port: 20580, serviceAddress: '192.168.2.140' }],
}

async function newMachine(world: World): Promise<string> {
  return await until(
    async () =>
      (await world.admin.machines()).find(({ addresses, power }) => power === 'on' && addresses.includes(ADDRESS))?.id,
  )
}

describe('A run that waits for a guest', () => {
  it.each([
    ['is switched off', async (world: World, id: string) => await world.admin.setPower(id, 'off')],
    ['is gone', async (world: World, id: string) => await world.admin.removeMachine(id)],
  ])('does not wait its full time for one whose machine %s', async (what, lose) => {
    await using fleet = await createFleet()
    const { manager, world } = fleet
    await fleet.build(UNIT, storyGroups())
    await world.admin.faults([
      { call: 'guests.*', subject: ADDRESS, effect: { type: 'error', code: 'ERR_UNAVAILABLE', retryable: true } },
    ])
    const run = await manager.start(await manager.plan(scaleOut, { unit: UNIT, groups: [NEW_GROUP] }))
    const id = await newMachine(world)
    await lose(world, id)
    await expect(run.result()).rejects.toMatchObject({ code: 'ERR_RUN_FAILED' })
    const failed = (await Array.fromAsync(run.events())).find(({ type }) => type === 'step.failed')
    expect(failed).toMatchObject({
      data: { error: { code: 'ERR_WRONG_STATE', message: expect.stringContaining(`Machine ${id} ${what}`) } },
    })
  })
})
