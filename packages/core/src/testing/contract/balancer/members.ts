import assert from 'node:assert/strict'
import type { PoolMember } from '../../../ports/index.ts'
import { assertRejects } from '../assert-rejects.ts'
import type { BalancerLab, BalancerRule } from '../balancer-lab.ts'

const SLOT = 'vmgroup_1/web/0'

/** Makes a pool with one member that takes traffic. */
export async function servingPool(lab: BalancerLab): Promise<{ readonly pool: string; readonly slot: string }> {
  const pool = lab.newPool()
  await lab.balancer.ensurePool(pool)
  await lab.balancer.ensureMember(pool.name, { slot: SLOT, ...lab.newServer() })
  await lab.balancer.traffic(pool.name, SLOT, 'in')
  return { pool: pool.name, slot: SLOT }
}

/** Looks at the only member of a pool. */
export async function onlyMember(lab: BalancerLab, pool: string): Promise<PoolMember> {
  const [member, ...others] = await lab.balancer.members(pool)
  assert.ok(member, `pool ${pool} has no member`)
  assert.deepEqual(others, [])
  return member
}

/** Pools, members and traffic. */
export const MEMBER_RULES: readonly BalancerRule[] = [
  {
    id: 'LB-010',
    text: 'a new pool has no members, and neither has an unknown one',
    since: '0.1.0',
    async run(lab) {
      const pool = lab.newPool()
      assert.deepEqual(await lab.balancer.members(pool.name), [])
      await lab.balancer.ensurePool(pool)
      assert.deepEqual(await lab.balancer.members(pool.name), [])
    },
  },
  {
    id: 'LB-011',
    text: 'ensurePool of a pool that exists keeps its members and their traffic',
    since: '0.1.0',
    async run(lab) {
      const pool = lab.newPool()
      await lab.balancer.ensurePool(pool)
      const member = { slot: SLOT, ...lab.newServer() }
      await lab.balancer.ensureMember(pool.name, member)
      await lab.balancer.traffic(pool.name, SLOT, 'in')
      await lab.balancer.ensurePool(pool)
      assert.equal((await onlyMember(lab, pool.name)).traffic, 'in')
    },
  },
  {
    id: 'LB-012',
    text: 'a new member is out until it is put in',
    since: '0.1.0',
    async run(lab) {
      const pool = lab.newPool()
      await lab.balancer.ensurePool(pool)
      const server = lab.newServer()
      await lab.balancer.ensureMember(pool.name, { slot: SLOT, ...server })
      const { slot, address, port, traffic } = await onlyMember(lab, pool.name)
      assert.deepEqual({ slot, address, port, traffic }, { slot: SLOT, ...server, traffic: 'out' })
    },
  },
  {
    id: 'LB-013',
    text: 'ensureMember of a member that is there already changes nothing: it keeps its traffic',
    since: '0.1.0',
    async run(lab) {
      const { pool, slot } = await servingPool(lab)
      const before = await onlyMember(lab, pool)
      await lab.balancer.ensureMember(pool, { slot, address: before.address, port: before.port })
      assert.equal((await onlyMember(lab, pool)).traffic, 'in')
    },
  },
  {
    id: 'LB-014',
    text: 'a known slot at another address or port is moved there, once, and is out',
    since: '0.1.0',
    async run(lab) {
      const { pool, slot } = await servingPool(lab)
      const server = lab.newServer()
      for (const moved of [server, { ...server, port: server.port + 1 }]) {
        await lab.balancer.ensureMember(pool, { slot, ...moved })
        const { address, port, traffic } = await onlyMember(lab, pool)
        assert.deepEqual({ address, port, traffic }, { ...moved, traffic: 'out' })
        await lab.balancer.traffic(pool, slot, 'in')
      }
    },
  },
  {
    id: 'LB-015',
    text: 'traffic is as told, from every state to every other, and the same again succeeds',
    since: '0.1.0',
    async run(lab) {
      const { pool, slot } = await servingPool(lab)
      const elsewhere = await lab.reopen()
      for (const to of ['in', 'drain', 'drain', 'out', 'out', 'drain', 'in', 'out', 'in'] as const) {
        await lab.balancer.traffic(pool, slot, to)
        assert.equal((await onlyMember(lab, pool)).traffic, to)
        assert.deepEqual(
          (await elsewhere.members(pool)).map((member) => member.traffic),
          [to],
        )
      }
    },
  },
  {
    id: 'LB-016',
    text: 'removeMember takes out one member and keeps the others; a member that is gone is success',
    since: '0.1.0',
    async run(lab) {
      const { pool, slot } = await servingPool(lab)
      const other = { slot: 'vmgroup_1/web/1', ...lab.newServer() }
      await lab.balancer.ensureMember(pool, other)
      await lab.balancer.removeMember(pool, slot)
      await lab.balancer.removeMember(pool, slot)
      assert.equal((await onlyMember(lab, pool)).slot, other.slot)
    },
  },
  {
    id: 'LB-017',
    text: 'removePool takes the pool with its members; a pool that is gone or was never there is success',
    since: '0.1.0',
    async run(lab) {
      const { pool } = await servingPool(lab)
      await lab.balancer.removePool(pool)
      assert.deepEqual(await lab.balancer.members(pool), [])
      await lab.balancer.removePool(pool)
      await lab.balancer.removePool(lab.newPool().name)
    },
  },
  {
    id: 'LB-018',
    text: 'ensureMember and traffic in an unknown pool, and traffic of an unknown slot, reject with ERR_NOT_FOUND',
    since: '0.1.0',
    async run(lab) {
      const unknown = lab.newPool().name
      const member = { slot: SLOT, ...lab.newServer() }
      await assertRejects(lab.balancer.ensureMember(unknown, member), 'ERR_NOT_FOUND')
      await assertRejects(lab.balancer.traffic(unknown, SLOT, 'in'), 'ERR_NOT_FOUND')
      const { pool } = await servingPool(lab)
      await assertRejects(lab.balancer.traffic(pool, 'vmgroup_9/web/0', 'in'), 'ERR_NOT_FOUND')
    },
  },
  {
    id: 'LB-019',
    text: 'the same slot in two pools is two members',
    since: '0.1.0',
    async run(lab) {
      const [first, second] = [await servingPool(lab), await servingPool(lab)]
      await lab.balancer.traffic(first.pool, first.slot, 'drain')
      assert.equal((await onlyMember(lab, second.pool)).traffic, 'in')
      await lab.balancer.removeMember(first.pool, first.slot)
      assert.equal((await onlyMember(lab, second.pool)).traffic, 'in')
    },
  },
  {
    id: 'LB-020',
    text: 'every call may be repeated after a lost answer, and has acted once',
    since: '0.1.0',
    async run(lab) {
      const { balancer } = lab
      const pool = lab.newPool()
      const member = { slot: SLOT, ...lab.newServer() }
      const steps = [
        ['ensurePool', () => balancer.ensurePool(pool)],
        ['ensureMember', () => balancer.ensureMember(pool.name, member)],
        ['traffic', () => balancer.traffic(pool.name, SLOT, 'in')],
        ['removeMember', () => balancer.removeMember(pool.name, SLOT)],
        ['removePool', () => balancer.removePool(pool.name)],
      ] as const
      for (const [name, act] of steps) {
        await lab.loseNextAnswer(name)
        await assert.rejects(act())
        await act()
        const members = (await balancer.members(pool.name)).map(({ slot, traffic }) => ({ slot, traffic }))
        const expected = { ensureMember: 'out', traffic: 'in' } as const
        assert.deepEqual(members, name in expected ? [{ slot: SLOT, traffic: expected[name as 'traffic'] }] : [])
      }
    },
  },
  {
    id: 'LB-021',
    text: 'members that are added at the same time are all there',
    since: '0.1.0',
    async run(lab) {
      const pool = lab.newPool()
      await lab.balancer.ensurePool(pool)
      const slots = Array.from({ length: 20 }, (_, index) => `vmgroup_1/web/${index}`)
      await Promise.all(
        slots.map(async (slot) => {
          await lab.balancer.ensureMember(pool.name, { slot, ...lab.newServer() })
          await lab.balancer.traffic(pool.name, slot, 'in')
        }),
      )
      const members = await lab.balancer.members(pool.name)
      assert.deepEqual(members.map((member) => member.slot).toSorted(), slots.toSorted())
      assert.ok(members.every((member) => member.traffic === 'in'))
    },
  },
]
