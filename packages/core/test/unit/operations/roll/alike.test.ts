import { type Random, randomOf } from '@vmunit/testbed/seeded-random'
import { describe, expect, it } from 'vitest'
import type { ManagementUnit, ServerGroup } from '../../../../src/domain/management-unit.ts'
import type { Plan, PlannedStep } from '../../../../src/domain/plan.ts'
import { stepsOf } from '../../../../src/domain/planned-steps.ts'
import { makePlan } from '../../../../src/engine/make-plan.ts'
import { applyPatch } from '../../../../src/operations/apply-patch/apply-patch.ts'
import { applyTemplate } from '../../../../src/operations/apply-template/apply-template.ts'
import { block } from '../../../../src/operations/block-servers/block.ts'
import { unblock } from '../../../../src/operations/block-servers/unblock.ts'
import { planAlike } from '../../../../src/operations/roll/alike.ts'
import type { Member } from '../../../../src/operations/roll/member.ts'
import { start } from '../../../../src/operations/start-servers/start-servers.ts'
import { stop } from '../../../../src/operations/stop-servers/stop-servers.ts'
import { updateUnit } from '../../../../src/operations/update-unit/update-unit.ts'
import type { Machine, Operation, World } from '../../../../src/ports/index.ts'
import { groupOf, serverOf, TIERS, unitWith } from '../support/unit.ts'

const HASH = 'd'.repeat(64)
const SEED = 20_261_125
const FLEETS = 20

/** Groups of which some are alike: each is made after one of a few models. */
function randomGroups(random: Random, isWorking: boolean): readonly ServerGroup[] {
  const models = Array.from({ length: 3 }, () =>
    ['web', 'web', 'app']
      .slice(random.int(0, 1))
      .map((tier) => ({ ...serverModel(random, tier), ...(isWorking && { status: 'working' as const }) })),
  )
  return Array.from({ length: 12 }, (_, group) => {
    const ordinals = new Map<string, number>()
    const servers = random.pick(models).map(({ tier, hasService, ...change }, index) => {
      const ordinal = ordinals.get(tier) ?? 0
      ordinals.set(tier, ordinal + 1)
      const host = `${group}.${index}`
      const service = hasService ? { serviceAddress: `10.2.${host}` } : {}
      return serverOf(`g${group}/${tier}/${ordinal}`, { ...change, address: `10.1.${host}`, ...service })
    })
    return groupOf(`g${group}`, servers)
  })
}

function serverModel(random: Random, tier: string) {
  return {
    tier,
    hasService: random.chance(0.7),
    port: random.pick([20_580, 22]),
    status: random.pick(['working', 'working', 'stopped'] as const),
    templateVersion: random.pick([1, 1, 2]),
    traffic: random.pick(['in', 'none'] as const),
    ...(random.chance(0.7) && { definitionHash: random.pick([HASH, 'e'.repeat(64)]) }),
  }
}

function worldWith(unit: ManagementUnit, off: ReadonlySet<string>): World {
  const servers = unit.groups.flatMap((group) => group.servers)
  const ids = servers.flatMap(({ machine }) => machine?.id ?? [])
  const machines = ids.map((id) => [id, { id, power: off.has(id) ? 'off' : 'on' } as Machine] as const)
  const versions = (template: string) =>
    [1, 2].map((number) => ({ template, number, image: `${template}-${number}`, state: 'active' as const, note: '' }))
  const members = servers.map(({ slot, address, serviceAddress }) => ({ id: slot, address: serviceAddress ?? address }))
  return {
    manager: 'vmunit',
    principal: { name: 'user_a', role: 'administrator' },
    balancers: new Set(['edge']),
    hypervisors: new Set([unit.hypervisor]),
    units: new Map([[unit.name, unit]]),
    addresses: new Map(),
    bindings: new Map(),
    templates: new Map(
      ['web-base', 'app-base'].map((name) => [name, { name, hypervisor: unit.hypervisor, versions: versions(name) }]),
    ),
    templateUses: new Map(),
    definitions: new Map([[HASH, { hash: HASH, tiers: unit.tiers, files: [] }]]),
    machines: new Map([[unit.hypervisor, new Map(machines)]]),
    blind: new Map(),
    members: new Map(unit.tiers.map(({ balancer }) => [`edge/${balancer?.pool}`, members as never])),
  }
}

const template = { template: 'web-base', version: 2 }
const WAVES = [{ groups: 1 }, { groups: '25%' as const }]

const cases: readonly (readonly [string, Operation, object, (readonly string[])?])[] = [
  ['applyTemplate, rolling', applyTemplate as Operation, { template, waves: WAVES, allowOutage: true }],
  ['applyTemplate, whole', applyTemplate as Operation, { template, whole: true, allowOutage: true }],
  ['applyTemplate, all of a group', applyTemplate as Operation, { template, replace: 'group', allowOutage: true }],
  ['applyTemplate, old ones first', applyTemplate as Operation, { template, returnOld: 'first', allowOutage: true }],
  ['applyPatch, rolling', applyPatch as Operation, { commands: [['patch']], reboot: true, allowOutage: true }],
  ['applyPatch, whole', applyPatch as Operation, { commands: [['patch']], whole: true, allowOutage: true }],
  ['applyPatch, by a person', applyPatch as Operation, { by: 'person', allowOutage: true }],
  ['updateUnit, rolling', updateUnit as Operation, { waves: WAVES, allowOutage: true }],
  ['updateUnit', updateUnit as Operation, {}],
  ['start', start as Operation, { unblock: true }],
  ['stop', stop as Operation, {}],
  ['block', block as Operation, {}],
  ['unblock', unblock as Operation, {}],
]

function planOf(operation: Operation, request: object, world: World): Plan {
  const input = {
    ...(operation.input.parse({ unit: 'gyoumu_a', ...request }) as object),
    unit: [...world.units.keys()][0],
  }
  return makePlan(operation, input, { draft: operation.plan(input, world), manager: 'vmunit', key: 'a key' })
}

/** The steps of all changes, written out. */
function written(plan: Plan): readonly (readonly [string, readonly PlannedStep[]])[] {
  return [...plan.phases, ...plan.back].flatMap(({ name, changes }) =>
    changes.map((change) => [`${name}: ${change.group}`, stepsOf(plan, change)] as const),
  )
}

describe('a plan of groups of which some are alike', () => {
  it.for(cases)('%s: says of each group what is planned for it by itself', ([, operation, request]) => {
    let shared = 0
    for (let seed = SEED; seed < SEED + FLEETS; seed += 1) {
      const random = randomOf(seed)
      const groups = randomGroups(random, operation.name === 'unblock')
      const isOn = operation.name === 'applyPatch' || random.chance(0.5)
      const off = new Set(isOn ? [] : groups.slice(0, 6).map(({ name }) => `vm-${name}/web/0`))
      // A unit or a hypervisor whose name looks like one of ours cannot be shared, so that every group is planned by itself.
      const [plan, apart] = ['word', '{group}'].map((name) =>
        planOf(operation, request, worldWith(unitWith(groups, { name, hypervisor: name, definition: HASH }), off)),
      ) as [Plan, Plan]
      expect(apart.procedures, `seed ${seed}`).toBeUndefined()
      const expected = JSON.stringify(written(apart)).replaceAll('{group}', 'word')
      expect(JSON.parse(JSON.stringify(written(plan))), `seed ${seed}`).toEqual(JSON.parse(expected))
      shared += Object.keys(plan.procedures ?? {}).length
    }
    if (!('by' in request)) expect(shared).toBeGreaterThan(FLEETS)
  })
})

describe('planAlike', () => {
  const membersOf = (group: string, machine: string): readonly Member[] => [
    {
      unit: unitWith([]),
      group,
      tier: TIERS[1]!,
      server: serverOf(`${group}/web/0`, { machine: { id: machine } }),
      isOn: true,
    },
  ]
  const stageOf = (members: readonly Member[], input: string) => ({
    stages: [
      { name: 'a', lanes: members.map(({ server }) => [{ id: server.slot, kind: { name: 'k', version: 1 }, input }]) },
    ],
    back: [],
  })

  it('plans groups that are alike once', () => {
    const plan = planAlike((members) => stageOf(members, `on ${members[0]?.server.machine?.id}`))
    const [first, second] = [plan(membersOf('g1', 'vm-1')), plan(membersOf('g2', 'vm-2'))]
    expect(second.stages).toBe(first.stages)
    expect(first.stages[0]?.lanes).toEqual([
      [expect.objectContaining({ id: '{group}/web/0', input: 'on {web/0.machine}' })],
    ])
    expect(second.values).toEqual({ 'web/0.address': '192.168.1.101', 'web/0.machine': 'vm-2' })
  })

  it('plans each by itself when what is planned is not the same with names in the place of what is particular', () => {
    const plan = planAlike((members) => stageOf(members, (members[0]?.server.machine?.id ?? '').slice(0, 4)))
    expect(plan(membersOf('g1', 'vm-1')).values).toBeUndefined()
    expect(plan(membersOf('g2', 'vm-2')).stages[0]?.lanes).toEqual([
      [expect.objectContaining({ id: 'g2/web/0', input: 'vm-2' })],
    ])
  })
})
