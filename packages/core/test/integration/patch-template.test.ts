import { patchTemplate } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, QUICK } from '../support/fleet.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { until } from '../support/until.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const UPGRADE = ['dnf', '-y', 'upgrade', '--security'] as const

async function workMachine(fleet: Fleet, with_: string) {
  return await until(async () => {
    const log = await fleet.world.admin.log()
    const job = log.findLast((event) => event.type === 'call' && event.call === 'guests.startJob')
    if (job?.type !== 'call' || job.operationId?.includes(with_) !== true) return undefined
    return (await fleet.world.admin.machines()).find(({ id, power }) => id === job.subject && power === 'on')
  })
}

describe('patchTemplate', () => {
  it('publishes the next version, a child of the current one, with what the commands did', async () => {
    await using fleet = await createFleet()
    const { manager, world } = fleet
    const result = await manager.execute(patchTemplate, { template: 'web-base', commands: [UPGRADE], note: 'CVE' })
    expect(result).toMatchObject({
      version: { template: 'web-base', version: 2 },
      previous: { template: 'web-base', version: 1 },
    })
    const { versions } = await manager.templates.get('web-base')
    expect(versions).toMatchObject([
      { number: 1, state: 'deprecated' },
      { number: 2, state: 'active', parent: 1, note: 'CVE' },
    ])
    const images = await world.admin.images()
    const image = images.find(({ id }) => id === versions[1]?.image)
    expect(image).toMatchObject({ parent: versions[0]?.image, template: 'web-base', version: 2 })
    const probe = await world.admin.addMachine({ name: 'probe', image: image!.id, addresses: [] })
    expect(await world.admin.readFile(probe, '/var/log/packages.log')).toBe('dnf -y upgrade --security\n')
    expect(await world.admin.readFile(probe, '/etc/release')).toBe('web-base 1')
    expect(
      (await world.admin.machines()).map(({ name }) => name),
      'the work machine is gone',
    ).toEqual(['probe'])
  })

  it('works on from the newest version, and keeps the one before active when told so', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await manager.execute(patchTemplate, { template: 'web-base', commands: [UPGRADE], previous: 'keep' })
    const second = await manager.execute(patchTemplate, { template: 'web-base', commands: [['touch', '/etc/second']] })
    expect(second.version.version).toBe(3)
    const { versions } = await manager.templates.get('web-base')
    expect(versions.map(({ number, state, parent }) => [number, state, parent])).toEqual([
      [1, 'active', undefined],
      [2, 'deprecated', 1],
      [3, 'active', 2],
    ])
    const probe = await fleet.world.admin.addMachine({ name: 'probe', image: versions[2]!.image, addresses: [] })
    expect(await fleet.world.admin.files(probe)).toEqual(
      expect.arrayContaining(['/etc/second', '/var/log/packages.log', '/etc/release']),
    )
  })

  it('runs the commands one after another, and stops at the one that fails: no version, no machine left', async () => {
    await using fleet = await createFleet()
    const from = await mark(fleet.world)
    const commands = [UPGRADE, ['false'], ['touch', '/never']] as const
    const error = await refusal(fleet.manager.execute(patchTemplate, { template: 'web-base', commands }))
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(error.message).toContain('false')
    const jobs = (await mutationsSince(fleet.world, from)).filter(({ call }) => call === 'guests.startJob')
    expect(jobs.map(({ step }) => step)).toEqual(['web-base/command-1', 'web-base/command-2'])
    expect(await fleet.world.admin.machines()).toEqual([])
    expect(await fleet.world.admin.images()).toHaveLength(2)
    const { versions } = await fleet.manager.templates.get('web-base')
    expect(versions).toMatchObject([{ number: 1, state: 'active' }])
    const again = await fleet.manager.execute(patchTemplate, { template: 'web-base', commands: [UPGRADE] })
    expect(again.version.version).toBe(2)
  })

  it.each(['comes up again', 'stays off'])(
    'a job that dies with its machine, which %s, is begun anew once, in another machine, under other operation ids',
    async (then) => {
      await using fleet = await createFleet()
      const { world } = fleet
      const manager = fleet.another({ timing: { ...QUICK, retryForMs: 1_000 } })
      const plan = await manager.plan(patchTemplate, { template: 'web-base', commands: [UPGRADE, ['sleep', '0.3']] })
      const run = await manager.start(plan)
      const first = await workMachine(fleet, 'command-2')
      await world.admin.setPower(first.id, 'off')
      if (then === 'comes up again') await world.admin.setPower(first.id, 'on')
      const { version } = await run.result()
      expect(version.version).toBe(2)
      const created = (await world.admin.log()).filter(
        (event) => event.type === 'call' && event.call === 'hypervisor.create' && event.outcome === 'ok',
      )
      const ids = created.map((event) => (event.type === 'call' ? event.operationId : undefined))
      expect(ids).toEqual([`${run.id}/web-base/create@web-base:1#1`, `${run.id}/web-base/create@web-base:1#2`])
      const records = []
      for await (const record of run.events()) records.push(record.type)
      expect(records.filter((type) => type === 'group.renewed')).toHaveLength(1)
      expect(await world.admin.machines()).toEqual([])
      const image = (await world.admin.images()).find((one) => one.version === 2)
      expect(image?.operationId).toMatch(/#2$/)
      const probe = await world.admin.addMachine({ name: 'probe', image: image!.id, addresses: [] })
      expect(await world.admin.readFile(probe, '/var/log/packages.log'), 'patched once').toBe(
        'dnf -y upgrade --security\n',
      )
    },
  )

  it('a job that dies twice fails the run and leaves nothing', async () => {
    await using fleet = await createFleet()
    const { world } = fleet
    const manager = fleet.another({ timing: { ...QUICK, retryForMs: 500 } })
    const plan = await manager.plan(patchTemplate, { template: 'web-base', commands: [['poweroff']] })
    const run = await manager.start(plan)
    const error = await refusal(run.result())
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(await world.admin.machines()).toEqual([])
    expect(await world.admin.images()).toHaveLength(2)
  })

  it('two at once: the second is told which run is in the way; another template is free', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const plan = async (template: string) =>
      await manager.plan(patchTemplate, { template, commands: [['sleep', '0.3']] })
    const [first, second, other] = [await plan('web-base'), await plan('web-base'), await plan('app-base')]
    const run = await manager.start(first)
    const error = await refusal(manager.start(second))
    expect(error.code).toBe('ERR_CLAIMED')
    expect(error.details).toMatchObject({ runId: run.id, state: 'running' })
    const beside = await manager.start(other)
    expect((await beside.result()).version).toEqual({ template: 'app-base', version: 2 })
    expect((await run.result()).version).toEqual({ template: 'web-base', version: 2 })
  })

  it('a plan that was made before another version came is stale, it does not publish the same number again', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const plan = await manager.plan(patchTemplate, { template: 'web-base', commands: [UPGRADE] })
    await manager.execute(patchTemplate, { template: 'web-base', commands: [UPGRADE] })
    await expectRefused(fleet, 'ERR_PLAN_STALE', () => manager.start(plan))
  })

  it('refuses a template that does not exist, and no commands', async () => {
    await using fleet = await createFleet()
    const error = await expectRefused(fleet, 'ERR_NOT_FOUND', () =>
      fleet.manager.execute(patchTemplate, { template: 'db-base', commands: [UPGRADE] }),
    )
    expect(error.message).toContain('db-base')
    await expectRefused(fleet, 'ERR_INVALID_INPUT', () =>
      fleet.manager.execute(patchTemplate, { template: 'web-base', commands: [] }),
    )
  })
})
