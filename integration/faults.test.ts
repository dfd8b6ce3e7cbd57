import { applyTemplate, type FleetResult, isVmunitError, patchTemplate, type Run, type TemplateRef } from '@vmunit/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { openTestbedSite, type TestbedSite } from './site/testbed-site.ts'
import { buildUnit, type Fleet, storyGroups, watched } from './support/fleet.ts'
import { fleetForAll } from './support/fleet-for-all.ts'
import { fileInEach, machinesOf, standing } from './support/looks.ts'

const UNIT = 'gyoumu_a'
const OUTAGE_MS = 30_000

// What goes wrong between manager and platform while a version is rolled over real parts: the run does not notice more
// than time, no machine is made twice, and nothing foreign is touched.
describe('faults of real parts in the middle of a roll-out', () => {
  let site: TestbedSite
  let fleet: Fleet
  let stranger: string
  let last = 1

  fleetForAll(openTestbedSite, async (opened, at) => {
    fleet = opened
    site = at
    await buildUnit(fleet, { unit: UNIT, groups: storyGroups(site) })
    stranger = await site.provideMachine({
      name: 'gyoumu_a-vmgroup_1-combined-old',
      image: fleet.images.get('web-base') ?? '',
      addresses: [site.addresses(60).address],
    })
  })

  beforeEach(async () => await site.testbed.vcenter.proxy.reset())

  async function nextVersion(): Promise<TemplateRef> {
    const commands = [['touch', `/etc/patched-${last + 1}`]] as const
    const { version } = await fleet.manager.execute(patchTemplate, { template: 'web-base', commands })
    last = version.version
    return version
  }

  async function startRoll(template: TemplateRef): Promise<Run<FleetResult>> {
    return await fleet.manager.start(
      await fleet.manager.plan(applyTemplate, { unit: UNIT, template, allowOutage: true }),
    )
  }

  /** Resolves when the journal has a record of this type about a step that ends so. */
  async function untilStep(run: Run<FleetResult>, type: string, ending: string): Promise<void> {
    for await (const event of run.events()) {
      if (event.type === type && 'step' in event.data && event.data.step.includes(ending)) return
    }
    throw new Error(`The run ended without ${type} of ${ending}.`)
  }

  /** What must be true after every roll-out that went well. */
  async function expectRolled(version: TemplateRef, machines: number): Promise<void> {
    const lines = standing(await fleet.manager.units.get(UNIT))
    const rolled = lines.filter((line) => !line.includes('/app/'))
    expect(
      rolled.every((line) => line.endsWith(`working in ${version.version}`)),
      lines.join('\n'),
    ).toBe(true)
    const patched = await fileInEach(fleet, UNIT, `/etc/patched-${version.version}`)
    expect(Object.values(patched).filter((text) => text === '')).toHaveLength(3)
    expect((await site.machines()).length, 'no machine more and none less').toBe(machines)
    for (const found of (await machinesOf(site, UNIT)).values()) expect(found).toHaveLength(1)
    expect((await site.changedMachines()).has(stranger)).toBe(false)
  }

  it(`a vCenter that is away for ${OUTAGE_MS / 1000} s in the middle of a clone costs time and nothing else`, async () => {
    const version = await nextVersion()
    const machines = (await site.machines()).length
    const { proxy } = site.testbed.vcenter
    await using watch = await site.watch(UNIT, watched(storyGroups(site)))
    await proxy.holdCreations(true)
    const mark = proxy.mark()
    const run = await startRoll(version)
    await untilStep(run, 'step.began', '/create@')
    await expect.poll(() => proxy.count({ since: mark, method: 'CloneVM_Task' }), { timeout: 30_000 }).toBe(1)
    const back = proxy.outage(OUTAGE_MS)
    await proxy.holdCreations(false)
    await back
    await run.result()
    await expectRolled(version, machines)
    expect(proxy.count({ since: mark, method: 'CloneVM_Task' }), 'one clone for each server').toBe(3)
    expect((await watch.stop()).fewest).toBeGreaterThanOrEqual(2)
  }, 180_000)

  it('a lost answer to CloneVM_Task does not fail the run, and no machine is made twice', async () => {
    const version = await nextVersion()
    const machines = (await site.machines()).length
    const { proxy } = site.testbed.vcenter
    const mark = proxy.mark()
    proxy.addFault({ method: 'CloneVM_Task', times: 2, effect: { kind: 'lostAnswer' } })
    const run = await startRoll(version)
    await run.result()
    await expectRolled(version, machines)
    const made = proxy.calls({ since: mark, method: 'CloneVM_Task' }).filter(({ created }) => created !== undefined)
    expect(new Set(made.map(({ created }) => created)).size).toBe(3)
  }, 180_000)

  for (const mode of ['fault', 'missingSet'] as const) {
    it(`sessions that expire again and again, told by a ${mode}, are renewed`, async () => {
      const version = await nextVersion()
      const machines = (await site.machines()).length
      const { proxy } = site.testbed.vcenter
      const mark = proxy.mark()
      const run = await startRoll(version)
      for (const ending of ['/create@', '/power-on', '/answer']) {
        await untilStep(run, 'step.began', ending)
        await proxy.expireSessions(mode)
      }
      await run.result()
      await expectRolled(version, machines)
      expect(proxy.count({ since: mark, method: 'Login' })).toBeGreaterThanOrEqual(1)
    }, 180_000)
  }

  it('a host that stops responding with its machines is waited for; nothing is made anew meanwhile', async () => {
    const version = await nextVersion()
    const machines = (await site.machines()).length
    const { proxy, hands } = site.testbed.vcenter
    const mark = proxy.mark()
    const run = await startRoll(version)
    await untilStep(run, 'step.done', '/create@')
    const hosts = await hands.hosts()
    for (const { id } of hosts) await proxy.hostNotResponding(id, true)
    await untilStep(run, 'step.retried', '')
    for (const { id } of hosts) await proxy.hostNotResponding(id, false)
    await run.result()
    await expectRolled(version, machines)
    expect(proxy.count({ since: mark, method: 'CloneVM_Task' })).toBe(3)
  }, 180_000)

  it('a clone that shows the host key of its template is refused, and its group goes back to the old machine', async () => {
    const version = await nextVersion()
    const before = standing(await fleet.manager.units.get(UNIT))
    site.testbed.agent.keepHostKeys(true)
    try {
      const run = await startRoll(version)
      const failure = await run.result().then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(isVmunitError(failure, 'ERR_RUN_FAILED')).toBe(true)
      const failed = (await Array.fromAsync(run.events({ follow: false }))).find(({ type }) => type === 'step.failed')
      expect(JSON.stringify(failed?.data)).toContain('ERR_HOST_KEY_REUSED')
    } finally {
      site.testbed.agent.keepHostKeys(false)
    }
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual(before)
  }, 180_000)
})
