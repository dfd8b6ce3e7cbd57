import { setTimeout } from 'node:timers/promises'
import {
  applyTemplate,
  type Clock,
  endQuarantine,
  type GroupDeclaration,
  type Manager,
  type Outcome,
  type QuarantineOptions,
  recoverServer,
  scaleOut,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { refusal } from '../support/refusal.ts'
import { breakVersion, machineOf, machinesOf, SLOTS, standing, UNIT } from '../support/story.ts'
import { unpack } from '../support/unpack.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const PATHS = ['/opt/vmunit/definition']

interface Failing {
  readonly fleet: Fleet
  /** Fails on groups, which go back. */
  fail(groups: readonly string[], quarantine?: QuarantineOptions, by?: Manager): Promise<readonly Outcome[]>
}

/** A unit in service, and a version that does not start. */
async function prepare(): Promise<Failing> {
  const fleet = await createFleet()
  await fleet.build(UNIT, storyGroups())
  const template = await breakVersion(fleet)
  return {
    fleet,
    async fail(groups, quarantine, by = fleet.manager) {
      const input = {
        unit: UNIT,
        template,
        groups,
        waves: [{ groups: '100%' }],
        allowOutage: true,
        quarantine,
      } as const
      const error = await refusal(by.execute(applyTemplate, input))
      expect(error.code).toBe('ERR_RUN_FAILED')
      return error.details['outcomes'] as readonly Outcome[]
    },
  }
}

async function kept({ manager }: Fleet): Promise<readonly string[]> {
  const { groups } = await manager.units.get(UNIT)
  return groups.flatMap(({ quarantine }) => quarantine.map(({ machine }) => machine.id))
}

async function removals({ world }: Fleet, from = 0): Promise<number> {
  return (await mutationsSince(world, from)).filter(({ call }) => call === 'hypervisor.remove').length
}

/** What serves did not change, and of the machines that were made exactly those in quarantine are there, switched off. */
async function expectServing(fleet: Fleet): Promise<void> {
  expect(standing(await fleet.manager.units.get(UNIT))).toEqual([
    'vmgroup_1/combined/0 working in 1',
    'vmgroup_2/combined/0 working in 1',
    'vmgroup_3/web/0 working in 1',
    'vmgroup_3/app/0 working none 1',
  ])
  const off = [...(await machinesOf(fleet)).values()].flat().filter(({ power }) => power === 'off')
  expect(off.map(({ id }) => id).toSorted()).toEqual((await kept(fleet)).toSorted())
}

describe('a machine that failed', () => {
  it('is kept with what tells why: its files, what the hypervisor has, and the journal of the run', async () => {
    const { fleet, fail } = await prepare()
    await using _ = fleet
    const [outcome] = await fail(['vmgroup_1'], { paths: PATHS })
    const [one] = (await fleet.manager.units.get(UNIT)).groups[0]!.quarantine
    expect(outcome).toMatchObject({ server: SLOTS[0], status: 'quarantined', diagnostics: one?.diagnostics })
    const files = await unpack(fleet.manager, one?.diagnostics ?? '')
    expect(JSON.parse(String(files.get('about.json')))).toMatchObject({ server: SLOTS[0], unit: UNIT, problems: [] })
    expect(String(files.get('guest/1-opt-vmunit-definition.tar'))).toContain('tier combined of gyoumu_a')
    expect(String(files.get('hypervisor/diagnostics'))).toContain(one?.machine.id)
    const lines = String(files.get('journal.jsonl'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly type: string; readonly run: string })
    expect(new Set(lines.map(({ run }) => run))).toEqual(new Set([one?.runId]))
    expect(lines.map(({ type }) => type)).toContain('step.failed')
    const said = await fleet.manager.explain(one?.runId ?? '', SLOTS[0])
    expect(JSON.stringify(said)).toContain(one?.diagnostics)
    await expectServing(fleet)
  })

  it('that cannot be asked is kept all the same, within the time that asking may take', async () => {
    const { fleet, fail } = await prepare()
    await using _ = fleet
    await fleet.world.admin.faults([
      { call: 'guests.pull', effect: { type: 'error', code: 'ERR_UNAVAILABLE', retryable: true } },
      { call: 'hypervisor.diagnostics', effect: { type: 'delay', ms: 60_000 } },
    ])
    const began = performance.now()
    const [outcome] = await fail(['vmgroup_1'], { limitMs: 100 })
    expect(performance.now() - began).toBeLessThan(30_000)
    await fleet.world.admin.faults([])
    const files = await unpack(fleet.manager, outcome?.diagnostics ?? '')
    const { problems } = JSON.parse(String(files.get('about.json'))) as { readonly problems: readonly string[] }
    expect(problems).toEqual([
      expect.stringMatching(/^guest\/1-var-log\.tar: /),
      'hypervisor/diagnostics: It was not there within 100 ms.',
      'journal.jsonl: It was not there within 100 ms.',
    ])
    expect(outcome?.status).toBe('quarantined')
    await expectServing(fleet)
  })

  it('never costs more than was asked for', async () => {
    const { fleet, fail } = await prepare()
    await using _ = fleet
    const [outcome] = await fail(['vmgroup_1'], { paths: PATHS, maxBytes: 1 })
    const files = await unpack(fleet.manager, outcome?.diagnostics ?? '')
    expect([...files].filter(([name]) => name !== 'about.json').map(([, { length }]) => length)).toEqual([0])
  })

  it('is kept by recoverServer and scaleOut in the same way', async () => {
    const { fleet } = await prepare()
    await using _ = fleet
    const { manager } = fleet
    const { outcomes } = await manager.execute(recoverServer, { unit: UNIT, server: SLOTS[1], by: 'replace' })
    const [old] = (await manager.units.get(UNIT)).groups[1]!.quarantine
    expect(outcomes).toMatchObject([{ server: SLOTS[1], status: 'changed', diagnostics: old?.diagnostics }])
    expect((await unpack(manager, old?.diagnostics ?? '')).size).toBeGreaterThan(1)
    const server = { tierId: 'combined', address: '192.168.1.140', port: 20580 }
    const groups: readonly GroupDeclaration[] = [{ name: 'vmgroup_4', servers: [server] }]
    const error = await refusal(manager.execute(scaleOut, { unit: UNIT, groups, quarantine: { servers: 0 } }))
    expect(error.details['outcomes']).toMatchObject([{ status: 'failed', diagnostics: expect.any(String) }])
    expect(await kept(fleet)).toEqual([old?.machine.id])
    expect((await machinesOf(fleet)).get('vmgroup_4/combined/0')).toBeUndefined()
  })
})

describe('the budget of the quarantine', () => {
  it('removes the oldest beyond the count, and says so in the plan', async () => {
    const { fleet, fail } = await prepare()
    await using _ = fleet
    await fail(['vmgroup_1'])
    await fail(['vmgroup_2'])
    const [first, second] = await kept(fleet)
    const both = ['vmgroup_1', 'vmgroup_2']
    const from = await mark(fleet.world)
    expect(await fail(both, { servers: 3 })).toMatchObject([{ status: 'quarantined' }, { status: 'quarantined' }])
    const left = await kept(fleet)
    expect(left).toHaveLength(3)
    expect(left).not.toContain(first)
    expect(left).toContain(second)
    expect(await removals(fleet, from)).toBe(1)
    await expectServing(fleet)
    const input = { unit: UNIT, template: { template: 'web-base', version: 2 }, quarantine: { servers: 3 } }
    const { notes } = await fleet.manager.plan(applyTemplate, { ...input, allowOutage: true })
    expect(notes.join()).toMatch(/no more than 3 machines of these groups are kept in quarantine/)
  })

  it('of none keeps what was collected, and no machine', async () => {
    const { fleet, fail } = await prepare()
    await using _ = fleet
    expect(await fail(['vmgroup_1', 'vmgroup_3'], { servers: 0 })).toMatchObject([
      { server: SLOTS[0], status: 'failed', diagnostics: expect.any(String) },
      { server: SLOTS[2], status: 'failed', diagnostics: expect.any(String) },
      { server: SLOTS[3], status: 'failed' },
    ])
    expect(await kept(fleet)).toEqual([])
    await expectServing(fleet)
  })

  it('does not reach into groups on which the plan has no claim', async () => {
    const { fleet, fail } = await prepare()
    await using _ = fleet
    await fail(['vmgroup_1'])
    const before = await kept(fleet)
    await fail(['vmgroup_2'], { servers: 0 })
    expect(await kept(fleet)).toEqual(before)
  })

  it('removes what was kept for too long', async () => {
    const { fleet, fail } = await prepare()
    await using _ = fleet
    await fail(['vmgroup_1'])
    const [first] = await kept(fleet)
    const hour = 3_600_000
    const clock: Clock = {
      now: () => Date.now() + 2 * hour,
      sleep: async (ms, call) => await setTimeout(ms, undefined, { signal: call?.signal }),
    }
    await fail(['vmgroup_1'], { forMs: hour }, fleet.another({ clock }))
    const left = await kept(fleet)
    expect(left).toHaveLength(1)
    expect(left).not.toContain(first)
    await expectServing(fleet)
  })

  it('is kept by the way back of a whole plan too', async () => {
    const { fleet } = await prepare()
    await using _ = fleet
    const template = { template: 'web-base', version: 2 }
    const input = { unit: UNIT, template, whole: true, allowOutage: true, quarantine: { servers: 1 } }
    const error = await refusal(fleet.manager.execute(applyTemplate, input))
    expect(await removals(fleet)).toBe(2)
    const statuses = (error.details['outcomes'] as readonly Outcome[]).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual(['failed', 'failed', 'failed', 'quarantined'])
    expect(await kept(fleet)).toHaveLength(1)
    await expectServing(fleet)
  })
})

describe('endQuarantine', () => {
  it('removes the machines that were inspected, and touches nothing else', async () => {
    const { fleet, fail } = await prepare()
    await using _ = fleet
    await fail(['vmgroup_1'])
    await fail(['vmgroup_2'])
    const [first, second] = await kept(fleet)
    const from = await mark(fleet.world)
    const { outcomes } = await fleet.manager.execute(endQuarantine, { unit: UNIT, machines: [first!] })
    expect(outcomes).toMatchObject([{ server: SLOTS[0], status: 'unchanged' }])
    expect(await kept(fleet)).toEqual([second])
    expect((await mutationsSince(fleet.world, from)).map(({ call }) => call)).toEqual(['hypervisor.remove'])
    await expectServing(fleet)
    await fleet.manager.execute(endQuarantine, { unit: UNIT })
    expect(await kept(fleet)).toEqual([])
    expect((await machineOf(fleet, SLOTS[1])).power).toBe('on')
    const nothing = await fleet.manager.execute(endQuarantine, { unit: UNIT })
    expect(nothing).toMatchObject({ outcomes: [], warnings: ['no machine is in quarantine'] })
  })

  it('gives a machine back as it is when it is to be released', async () => {
    const { fleet, fail } = await prepare()
    await using _ = fleet
    await fail(['vmgroup_1'])
    const [id] = await kept(fleet)
    await fleet.manager.execute(endQuarantine, { unit: UNIT, groups: ['vmgroup_1'], to: 'release' })
    expect(await kept(fleet)).toEqual([])
    const machine = (await fleet.world.admin.machines()).find((one) => one.id === id)
    expect([machine?.power, machine?.marker]).toEqual(['off', undefined])
  })

  it('refuses a machine that is not kept, as those that serve are not', async () => {
    const { fleet } = await prepare()
    await using _ = fleet
    const { id } = await machineOf(fleet, SLOTS[0])
    const error = await refusal(fleet.manager.execute(endQuarantine, { unit: UNIT, machines: [id] }))
    expect([error.code, error.details['machines']]).toEqual(['ERR_NOT_FOUND', [id]])
  })
})
