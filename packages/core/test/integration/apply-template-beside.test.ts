import {
  type ApplyTemplateInput,
  applyPatch,
  applyTemplate,
  block,
  createAddressPool,
  formatPlan,
  type Manager,
  type ManagerOptions,
  scaleIn,
  start,
  stop,
  type TemplateRef,
  unblock,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { breakVersion, machineOf, machinesOf, SLOTS, standing, UNIT, upgrade } from '../support/story.ts'
import { fewestServing, mark, servingMoments } from '../support/world-log.ts'

interface Beside extends AsyncDisposable {
  readonly fleet: Fleet
  /** With a pool of addresses. */
  readonly manager: Manager
  readonly version: TemplateRef
}

/** Addresses `192.168.<subnet>.201` and so on. */
const range = (subnet: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `192.168.${subnet}.${201 + index}`)

/** The unit of the story, a version for its web servers, and a manager with so many addresses in each network. */
async function prepare(count = 8, more: Partial<ManagerOptions> = {}): Promise<Beside> {
  const fleet = await createFleet()
  await fleet.build(UNIT, storyGroups())
  const version = await upgrade(fleet)
  const store = openSqliteStore(fleet.storePath)
  const addresses = createAddressPool({ store, networks: { management: range(1, count), service: range(2, count) } })
  return {
    fleet,
    version,
    manager: fleet.another({ addresses, ...more }),
    async [Symbol.asyncDispose]() {
      await fleet[Symbol.asyncDispose]()
      await store.close()
    },
  }
}

const besides = (template: TemplateRef, surge: number, groups?: readonly string[]): ApplyTemplateInput => ({
  unit: UNIT,
  template,
  groups,
  waves: [{ groups: '100%', surge }],
  addresses: 'pool',
})

async function fewest({ world }: Fleet, from: number): Promise<number> {
  return fewestServing(servingMoments(await world.admin.log(), { unit: UNIT, slots: SLOTS }), from)
}

/** `name address traffic` of the members of all pools. */
async function members({ world }: Fleet): Promise<readonly string[]> {
  const pools = await world.admin.pools()
  return pools.flatMap((pool) => pool.members.map(({ slot, address, traffic }) => `${slot} ${address} ${traffic}`))
}

/** `slot address service` of all servers. */
async function places(manager: Manager): Promise<readonly string[]> {
  const { groups } = await manager.units.get(UNIT)
  return groups.flatMap(({ servers }) =>
    servers.map(({ slot, address, serviceAddress }) => `${slot} ${address} ${serviceAddress}`),
  )
}

const REPLACED = [
  `${SLOTS[0]} working in 2`,
  `${SLOTS[1]} working in 2`,
  `${SLOTS[2]} working in 2`,
  `${SLOTS[3]} working none 1`,
]

describe('applyTemplate with surge', () => {
  it('brings new machines up beside the old ones, so that every group serves at every moment', async () => {
    await using beside = await prepare()
    const { fleet, manager, version } = beside
    const old = await machinesOf(fleet)
    const plan = await manager.plan(applyTemplate, besides(version, 1))
    expect(formatPlan(plan)).toContain('all, 1 at a time beside those that serve')
    expect(plan.notes).toEqual(['replaced servers get other addresses, of the address pool'])
    const from = await mark(fleet.world)
    const { outcomes } = await (await manager.start(plan)).result()
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('changed'))
    expect(await fewest(fleet, from)).toBe(3)
    expect(standing(await manager.units.get(UNIT))).toEqual(REPLACED)
    expect(await places(manager)).toEqual([
      `${SLOTS[0]} 192.168.1.201 192.168.2.201`,
      `${SLOTS[1]} 192.168.1.202 192.168.2.202`,
      `${SLOTS[2]} 192.168.1.203 192.168.2.203`,
      `${SLOTS[3]} 192.168.1.204 192.168.2.204`,
    ])
    expect(await members(fleet)).toEqual([
      `${SLOTS[0]}/2 192.168.2.201 in`,
      `${SLOTS[1]}/2 192.168.2.202 in`,
      `${SLOTS[2]}/2 192.168.2.203 in`,
    ])
    for (const slot of SLOTS) {
      const machine = await machineOf(fleet, slot)
      expect(old.get(slot)?.map(({ id }) => id)).not.toContain(machine.id)
      expect(machine).toMatchObject({ power: 'on', serving: true })
    }
  })

  it('never has more groups beside the others than surge says', async () => {
    await using beside = await prepare()
    const { fleet, manager, version } = beside
    const run = await manager.start(await manager.plan(applyTemplate, besides(version, 2)))
    await run.result()
    let inWork = 0
    let most = 0
    for await (const { type } of run.events({ follow: false })) {
      inWork += type === 'change.began' ? 1 : type === 'change.done' ? -1 : 0
      most = Math.max(most, inWork)
    }
    expect(most).toBe(2)
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual(REPLACED)
  })

  it('goes back and forth between two names in the pool, and gives addresses of the pool back to it', async () => {
    await using beside = await prepare()
    const { fleet, manager, version } = beside
    await manager.execute(applyTemplate, besides(version, 1, ['vmgroup_1']))
    const next = await upgrade(fleet)
    const from = await mark(fleet.world)
    await manager.execute(applyTemplate, besides(next, 1, ['vmgroup_1']))
    expect(await fewest(fleet, from)).toBe(3)
    expect((await places(manager))[0], 'what was released rests').toBe(`${SLOTS[0]} 192.168.1.202 192.168.2.202`)
    expect((await members(fleet))[0]).toBe(`${SLOTS[0]} 192.168.2.202 in`)
    const store = openSqliteStore(fleet.storePath)
    const documents = await store.get(['pool/management', 'address/192.168.1.101', 'address/192.168.1.201'])
    await store.close()
    expect(documents[0]?.value).toMatchObject({ '192.168.1.201': { time: expect.any(Number) } })
    expect(documents.slice(1)).toEqual([undefined, undefined])
  })

  it('of a version that does not start: the old machines serve all the time, and the addresses are given back', async () => {
    await using beside = await prepare()
    const { fleet, manager } = beside
    const before = await places(manager)
    const inPools = await members(fleet)
    const broken = await breakVersion(fleet)
    const from = await mark(fleet.world)
    const error = await refusal(manager.execute(applyTemplate, besides(broken, 1)))
    expect(error.details).toMatchObject({
      outcomes: ['quarantined', 'notStarted', 'notStarted', 'notStarted'].map((status) => ({ status })),
    })
    expect(await fewest(fleet, from)).toBe(3)
    expect(await places(manager)).toEqual(before)
    expect(await members(fleet)).toEqual(inPools)
    expect(standing(await manager.units.get(UNIT))[0]).toBe(`${SLOTS[0]} working in 1`)
    expect(
      (await machinesOf(fleet))
        .get(SLOTS[0])
        ?.map(({ power }) => power)
        .toSorted(),
    ).toEqual(['off', 'on'])
    const store = openSqliteStore(fleet.storePath)
    const [pool] = await store.get(['pool/service'])
    await store.close()
    const rests = { id: expect.any(String), time: expect.any(Number), until: expect.any(Number) }
    expect(pool?.value).toEqual({ '192.168.2.201': rests })
  })

  it('without a free address fails before anything is changed', async () => {
    await using beside = await prepare(1, { timing: { leaseMs: 2_000, pollMs: 50, retryForMs: 200, lookForMs: 5_000 } })
    const { fleet, manager, version } = beside
    const error = await refusal(manager.execute(applyTemplate, besides(version, 1, ['vmgroup_3'])))
    expect(error.message).toContain('None of the 1 addresses of network')
    expect((await machinesOf(fleet)).get(SLOTS[2])).toHaveLength(1)
    // What was reserved is given back on the way back, and what servers have is never handed out.
    expect((await refusal(manager.execute(applyTemplate, besides(version, 1, ['vmgroup_1'])))).message).toContain(
      'rest',
    )
  })

  it('leaves stopped servers stopped, and out of their pools', async () => {
    await using beside = await prepare()
    const { fleet, manager, version } = beside
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await manager.execute(applyTemplate, besides(version, 1, ['vmgroup_1']))
    expect(standing(await manager.units.get(UNIT))[0]).toBe(`${SLOTS[0]} stopped none 2`)
    expect((await members(fleet)).filter((member) => member.startsWith(SLOTS[0]))).toEqual([])
    await manager.execute(start, { unit: UNIT, groups: ['vmgroup_1'] })
    expect((await members(fleet))[0]).toBe(`${SLOTS[0]} 192.168.2.201 in`)
  })

  it('afterwards its servers are blocked, looked at, replaced in their place and removed like others', async () => {
    await using beside = await prepare()
    const { fleet, manager, version } = beside
    await manager.execute(applyTemplate, besides(version, 1))
    await manager.execute(block, { unit: UNIT, groups: ['vmgroup_1'] })
    expect((await members(fleet))[0]).toBe(`${SLOTS[0]}/2 192.168.2.201 out`)
    await manager.execute(unblock, { unit: UNIT, groups: ['vmgroup_1'] })
    const { findings } = await manager.diagnose({ unit: UNIT })
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
    await manager.execute(applyTemplate, { unit: UNIT, template: await upgrade(fleet), allowOutage: true })
    expect((await members(fleet))[0]).toBe(`${SLOTS[0]}/2 192.168.2.201 in`)
    await manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'] })
    expect((await members(fleet)).filter((member) => member.startsWith(SLOTS[0]))).toEqual([])
    const store = openSqliteStore(fleet.storePath)
    const [pool] = await store.get(['pool/management'])
    await store.close()
    expect(pool?.value).toMatchObject({ '192.168.1.201': { time: expect.any(Number) } })
    expect(pool?.value).not.toMatchObject({ '192.168.1.202': { time: expect.any(Number) } })
  })

  it('refuses before anything is changed', async () => {
    await using beside = await prepare()
    const { fleet, manager, version } = beside
    const plan = (more: object) => () => manager.plan(applyTemplate, { ...besides(version, 1), ...more })
    await expectRefused(fleet, 'ERR_UNSUPPORTED', plan({ addresses: 'keep' }))
    await expectRefused(fleet, 'ERR_UNSUPPORTED', plan({ addresses: undefined }))
    await expectRefused(fleet, 'ERR_INVALID_INPUT', plan({ waves: [{ groups: 1 }] }))
    await expectRefused(fleet, 'ERR_INVALID_INPUT', plan({ waves: [{ groups: 1 }, { groups: 1, surge: 1 }] }))
    await expectRefused(fleet, 'ERR_INVALID_INPUT', plan({ returnOld: 'first' }))
    await expectRefused(fleet, 'ERR_INVALID_INPUT', plan({ replace: 'tier' }))
    await expectRefused(fleet, 'ERR_NOT_CONFIGURED', () => fleet.manager.plan(applyTemplate, besides(version, 1)))
    const patch = { unit: UNIT, commands: [['true']] as const, waves: [{ groups: 1, surge: 1 }] }
    await expectRefused(fleet, 'ERR_INVALID_INPUT', () => manager.plan(applyPatch, patch))
  })
})
