import { collectLogs, requestResources } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { machineOf, SLOTS, UNIT } from '../support/story.ts'
import { unpack } from '../support/unpack.ts'
import { until } from '../support/until.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

async function prepare(): Promise<Fleet> {
  const fleet = await createFleet()
  await fleet.build(UNIT, storyGroups())
  return fleet
}

describe('collectLogs', () => {
  it('makes one archive for each server: guest files, what the hypervisor has, the journals', async () => {
    await using fleet = await prepare()
    const { manager, world } = fleet
    const from = await mark(world)
    const { servers, warnings, runId } = await manager.execute(collectLogs, {
      unit: UNIT,
      paths: ['/opt/vmunit/definition'],
    })
    expect(await mutationsSince(world, from)).toEqual([])
    expect(servers.map(({ server }) => server)).toEqual(SLOTS)
    expect(warnings).toEqual([])
    const [first] = servers
    const files = await unpack(manager, first?.archive ?? '')
    expect([...files.keys()]).toEqual([
      'about.json',
      'guest/1-opt-vmunit-definition.tar',
      'hypervisor/diagnostics',
      'journal.jsonl',
    ])
    expect(JSON.parse(String(files.get('about.json')))).toMatchObject({ server: SLOTS[0], unit: UNIT, problems: [] })
    expect(String(files.get('guest/1-opt-vmunit-definition.tar'))).toContain('tier combined of gyoumu_a')
    expect(String(files.get('hypervisor/diagnostics'))).toContain((await machineOf(fleet, SLOTS[0])).id)
    const lines = String(files.get('journal.jsonl'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const steps = lines.filter(({ type }) => type === 'step.done').map(({ data }) => data.step)
    expect(steps.length).toBeGreaterThan(5)
    expect(steps.filter((step) => !step.includes('vmgroup_1'))).toEqual([])
    expect(lines.filter(({ type }) => type === 'run.created').map(({ data }) => data.operation.name)).toEqual([
      'importDefinition',
      'attachGroups',
      'updateUnit',
      'start',
      'collectLogs',
    ])
    expect(lines.at(-1)?.run).toBe(runId)
  })

  it('of a server that does not answer has the rest, and says what is missing', async () => {
    await using fleet = await prepare()
    const { manager, world } = fleet
    await world.admin.setPower((await machineOf(fleet, SLOTS[0])).id, 'off')
    const { servers, warnings } = await manager.execute(collectLogs, { unit: UNIT, groups: ['vmgroup_1'] })
    expect(warnings).toEqual([expect.stringMatching(/^vmgroup_1\/combined\/0: guest\/1-var-log\.tar: /)])
    const files = await unpack(manager, servers[0]?.archive ?? '')
    expect([...files.keys()]).toEqual(['about.json', 'hypervisor/diagnostics', 'journal.jsonl'])
    expect(JSON.parse(String(files.get('about.json'))).problems).toHaveLength(1)
  })

  it('keeps each archive within its bytes', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const { servers, warnings } = await manager.execute(collectLogs, {
      unit: UNIT,
      groups: ['vmgroup_1'],
      paths: ['/opt/vmunit/definition'],
      maxBytes: 600,
    })
    expect(warnings[0]).toContain('guest/1-opt-vmunit-definition.tar')
    // The headers, the summary and the end of the archive come on top.
    expect(servers[0]?.sizeBytes).toBeLessThan(600 + 8 * 512)
  })

  it('needs no claim: it works while another run holds the groups', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const groups = [{ name: 'vmgroup_9', servers: [{ tierId: 'combined' }] }]
    const request = { kind: 'provideServers', unit: UNIT, template: 'web-base', version: 1, groups } as const
    const period = { from: Date.now(), until: Date.now() + 60_000 }
    const run = await manager.start(await manager.plan(requestResources, { request, ...period, by: 'person' }))
    await until(async () => ((await manager.requests.list()).length === 1 ? true : undefined))
    expect((await manager.execute(collectLogs, { unit: UNIT })).servers).toHaveLength(4)
    await run.cancel('enough')
  })

  it('an archive that does not exist is said to', async () => {
    await using fleet = await prepare()
    for (const hash of ['nothing', '0'.repeat(64)]) {
      await expect(Array.fromAsync(fleet.manager.archives.read(hash))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    }
  })
})
