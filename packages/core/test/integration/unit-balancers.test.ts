import {
  attachGroups,
  type BalancerConnector,
  detachGroups,
  importDefinition,
  type Manager,
  start,
  stop,
  type Tier,
  type UnitBalancer,
  updateUnit,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { expectRefused, refusal } from '../support/refusal.ts'

const UNIT = 'gyoumu_a'
const CONNECTION = { type: 'ACOS', host: '192.168.1.5', protocol: 'API', port: 443, user: 'admin' } as const

/** The combined tier brings its own balancer; the web tier uses that of the manager. */
const OWN: readonly Tier[] = TIERS.map((tier) =>
  tier.id === 'combined'
    ? {
        ...tier,
        balancer: {
          name: ':unit:',
          connection: CONNECTION,
          pool: 'own',
          host: '192.168.2.5',
          port: 8080,
          drainTimeoutMs: 100,
        },
      }
    : tier,
)

const texts = (password: string): Readonly<Record<string, string>> => ({
  'combined/tierlb.properties': `lb.password=${password}`,
  'combined/config/a': password,
})

interface Connecting {
  readonly connect: BalancerConnector
  readonly opened: UnitBalancer[]
  readonly closed: UnitBalancer[]
}

/** Connects every balancer of a unit to the world's. */
function connecting(fleet: Fleet): Connecting {
  const opened: UnitBalancer[] = []
  const closed: UnitBalancer[] = []
  return {
    opened,
    closed,
    async connect(balancer) {
      opened.push(balancer)
      return { ...fleet.world.balancer, close: async () => void closed.push(balancer) }
    },
  }
}

async function define(manager: Manager, password: string, tiers = OWN): Promise<void> {
  const { hash } = await manager.definitions.add(memoryDefinition(tiers, texts(password)))
  await manager.execute(importDefinition, { unit: UNIT, definition: hash })
}

const passwords = ({ opened }: Connecting): readonly string[] =>
  opened.map(({ properties }) => Buffer.from(properties).toString())

describe('a load balancer that a definition directory brings with it', () => {
  it('is used for its tier, with the secret from its file; the other tiers use that of the manager', async () => {
    await using fleet = await createFleet()
    const balancers = connecting(fleet)
    const manager = fleet.another({ connectBalancer: balancers.connect })
    const groups = storyGroups()
    await fleet.provide(groups, UNIT)
    await manager.units.create({ name: UNIT, hypervisor: 'main' })
    await define(manager, 'first')
    expect((await manager.units.get(UNIT)).tiers[0]?.balancer).toMatchObject({
      name: ':unit:gyoumu_a/combined',
      connection: CONNECTION,
    })
    await manager.execute(attachGroups, { unit: UNIT, groups, adopt: true })
    await manager.execute(updateUnit, { unit: UNIT })
    await manager.execute(start, { unit: UNIT })
    expect(passwords(balancers)).toEqual(['lb.password=first'])
    expect(balancers.opened[0]).toMatchObject({ unit: UNIT, tierId: 'combined', connection: CONNECTION })
    const pools = await fleet.world.admin.pools()
    const own = pools.find(({ name }) => name === 'own')
    expect(own).toMatchObject({ address: '192.168.2.5', port: 8080 })
    expect(own?.members.map(({ slot, traffic }) => `${slot} ${traffic}`)).toEqual([
      'vmgroup_1/combined/0 in',
      'vmgroup_2/combined/0 in',
    ])
    const { groups: after } = await manager.units.get(UNIT)
    expect(after.flatMap(({ servers }) => servers.map(({ traffic }) => traffic))).toEqual(['in', 'in', 'in', 'none'])

    const { servers } = await manager.units.status(UNIT)
    expect(servers.map(({ balancer }) => balancer)).toEqual(['unblocked', 'unblocked', 'unblocked', 'none'])

    const moved = OWN.map((tier): Tier => {
      if (tier.balancer?.connection === undefined) return tier
      return { ...tier, balancer: { ...tier.balancer, connection: { ...CONNECTION, host: '192.168.1.6' } } }
    })
    const refused = await refusal(define(manager, 'first', moved))
    expect(refused.code, 'the balancer before would go on with the traffic').toBe('ERR_WRONG_STATE')
    await define(manager, 'second')
    await manager.execute(stop, { unit: UNIT })
    expect(passwords(balancers), 'another file is another connection').toEqual([
      'lb.password=first',
      'lb.password=second',
    ])
    expect(balancers.closed).toEqual([])
    await manager.close()
    expect(balancers.closed).toHaveLength(2)
  })

  it('loses its pool with the unit', async () => {
    await using fleet = await createFleet()
    const manager = fleet.another({ connectBalancer: connecting(fleet).connect })
    const groups = storyGroups()
    await fleet.provide(groups, UNIT)
    await manager.units.create({ name: UNIT, hypervisor: 'main' })
    await define(manager, 'first')
    await manager.execute(attachGroups, { unit: UNIT, groups, adopt: true })
    await manager.execute(updateUnit, { unit: UNIT })
    await manager.execute(detachGroups, { unit: UNIT, groups: groups.map(({ name }) => name) })
    await manager.units.delete(UNIT)
    expect(await manager.units.list()).toEqual([])
    expect(await fleet.world.admin.pools()).toEqual([])
  })

  it('is refused when the manager cannot connect to it', async () => {
    await using fleet = await createFleet()
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    const { hash } = await fleet.manager.definitions.add(memoryDefinition(OWN, texts('first')))
    const error = await expectRefused(fleet, 'ERR_NOT_CONFIGURED', () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash }),
    )
    expect(error.message).toContain('connectBalancer')
  })

  it('is tried again when it could not be connected, and the secret stands in no error, plan or record', async () => {
    await using fleet = await createFleet()
    const balancers = connecting(fleet)
    let isDown = true
    const connect: BalancerConnector = async (balancer) => {
      if (isDown) throw new Error('the balancer does not answer')
      return await balancers.connect(balancer)
    }
    const manager = fleet.another({ connectBalancer: connect })
    await manager.units.create({ name: UNIT, hypervisor: 'main' })
    await define(manager, 'TopSecret')
    await expect(manager.plan(updateUnit, { unit: UNIT })).rejects.toThrow('the balancer does not answer')
    isDown = false
    const plan = await manager.plan(updateUnit, { unit: UNIT })
    expect(JSON.stringify(plan)).not.toContain('TopSecret')
    expect(passwords(balancers)).toEqual(['lb.password=TopSecret'])
  })

  it.each([
    ['without a connection', { name: ':unit:', pool: 'own', port: 80, drainTimeoutMs: 1 }],
    [
      'with one that is the manager’s',
      { name: 'edge', connection: CONNECTION, pool: 'own', port: 80, drainTimeoutMs: 1 },
    ],
  ])('is not taken in %s', async (_, balancer) => {
    await using fleet = await createFleet()
    const tiers = OWN.map((tier): Tier => (tier.id === 'combined' ? { ...tier, balancer } : tier))
    const error = await refusal(fleet.manager.definitions.add(memoryDefinition(tiers, {})))
    expect(error.code).toBe('ERR_INVALID_INPUT')
    expect(error.message).toContain('needs a connection')
  })
})
