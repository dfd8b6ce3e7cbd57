import assert from 'node:assert/strict'
import type { LoadBalancer } from '../../../ports/index.ts'
import { assertAborted, assertClosed, assertNoListeners, assertRefused, type Calls } from '../assert-calls.ts'
import { assertRejects } from '../assert-rejects.ts'
import type { BalancerLab, BalancerRule } from '../balancer-lab.ts'
import { onlyMember, servingPool } from './members.ts'

function balancerCalls(lab: BalancerLab, balancer: LoadBalancer): Calls {
  const pool = lab.newPool()
  const slot = 'vmgroup_1/web/0'
  const server = lab.newServer()
  return {
    ensurePool: (call) => balancer.ensurePool(pool, call),
    ensureMember: (call) => balancer.ensureMember(pool.name, { slot, ...server }, call),
    traffic: (call) => balancer.traffic(pool.name, slot, 'in', call),
    members: (call) => balancer.members(pool.name, call),
    removeMember: (call) => balancer.removeMember(pool.name, slot, call),
    removePool: (call) => balancer.removePool(pool.name, call),
  }
}

/** What a balancer is, giving up, and the end. */
export const BALANCER_LIFECYCLE_RULES: readonly BalancerRule[] = [
  {
    id: 'LB-001',
    text: 'members carry a number of connections exactly when the facet `connections` is declared',
    since: '0.1.0',
    async run(lab, facets) {
      const { pool } = await servingPool(lab)
      const counted = (await onlyMember(lab, pool)).connections !== undefined
      assert.deepEqual(counted ? ['connections'] : [], facets)
    },
  },
  {
    id: 'LB-030',
    text: 'drain keeps the connections of a member and counts them; out cuts them',
    facet: 'connections',
    since: '0.1.0',
    async run(lab) {
      const { pool, slot } = await servingPool(lab)
      assert.equal((await onlyMember(lab, pool)).connections, 0)
      await lab.setConnections(pool, slot, 3)
      for (const [to, left] of [
        ['in', 3],
        ['drain', 3],
        ['out', 0],
      ] as const) {
        await lab.balancer.traffic(pool, slot, to)
        assert.equal((await onlyMember(lab, pool)).connections, left, `connections when ${to}`)
      }
    },
  },
  {
    id: 'LB-040',
    text: 'a signal that is aborted already makes every call reject with its reason, and changes nothing',
    since: '0.1.0',
    async run(lab) {
      const { pool, slot } = await servingPool(lab)
      const before = await lab.balancer.members(pool)
      const moved = { slot, ...lab.newServer() }
      await assertAborted(lab, {
        ...balancerCalls(lab, lab.balancer),
        'ensureMember of a known slot': (call) => lab.balancer.ensureMember(pool, moved, call),
        'traffic of a member': (call) => lab.balancer.traffic(pool, slot, 'out', call),
        'removeMember of a member': (call) => lab.balancer.removeMember(pool, slot, call),
        'removePool of a pool': (call) => lab.balancer.removePool(pool, call),
      })
      assert.deepEqual(await lab.balancer.members(pool), before)
    },
  },
  {
    id: 'LB-041',
    text: 'no call leaves a listener on its signal',
    since: '0.1.0',
    async run(lab) {
      await assertNoListeners(lab, balancerCalls(lab, lab.balancer))
    },
  },
  {
    id: 'LB-042',
    text: 'when permit throws, a call that would change something rejects with that error, and nothing has changed',
    since: '0.1.0',
    async run(lab) {
      const { balancer } = lab
      const { pool, slot } = await servingPool(lab)
      const before = await balancer.members(pool)
      const [added, other] = [lab.newPool(), { slot: 'vmgroup_1/web/1', ...lab.newServer() }]
      await assertRefused(lab, {
        ensurePool: (call) => balancer.ensurePool(added, call),
        ensureMember: (call) => balancer.ensureMember(pool, other, call),
        'ensureMember of a known slot': (call) => balancer.ensureMember(pool, { ...other, slot }, call),
        'traffic drain': (call) => balancer.traffic(pool, slot, 'drain', call),
        'traffic out': (call) => balancer.traffic(pool, slot, 'out', call),
        removeMember: (call) => balancer.removeMember(pool, slot, call),
        removePool: (call) => balancer.removePool(pool, call),
      })
      assert.deepEqual(await balancer.members(pool), before)
      await assertRejects(balancer.ensureMember(added.name, other), 'ERR_NOT_FOUND')
    },
  },
  {
    id: 'LB-050',
    text: 'closing twice succeeds, every later call rejects with ERR_CLOSED, and the members stay as they are',
    since: '0.1.0',
    async run(lab) {
      const { pool } = await servingPool(lab)
      const balancer = await lab.reopen()
      await balancer.members(pool)
      await balancer.close()
      await balancer.close()
      await balancer[Symbol.asyncDispose]()
      await assertClosed(lab, balancerCalls(lab, balancer))
      assert.equal((await onlyMember(lab, pool)).traffic, 'in')
    },
  },
]
