import { isVmunitError, VmunitError } from '../../src/errors/index.ts'
import type { LoadBalancer } from '../../src/ports/index.ts'
import { BALANCER_RULES, type BalancerLab } from '../../src/testing/index.ts'
import { type Mutant, testMutants } from './labs/test-mutants.ts'
import { openWorldBalancerLab } from './labs/world-balancer-lab.ts'

/** The same lab, in which every balancer has another version of some calls. */
function changed(lab: BalancerLab, change: (good: LoadBalancer) => Partial<LoadBalancer>): BalancerLab {
  const wrap = (good: LoadBalancer): LoadBalancer => ({ ...good, ...change(good) })
  return { ...lab, balancer: wrap(lab.balancer), reopen: async () => wrap(await lab.reopen()) }
}

const MUTANTS: readonly Mutant<BalancerLab>[] = [
  {
    rule: 'LB-001',
    name: 'does not count connections',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        members: async (pool, call) =>
          (await good.members(pool, call)).map((member) => ({ ...member, connections: undefined })),
      })),
  },
  {
    rule: 'LB-012',
    name: 'sends traffic to a new member at once',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        ensureMember: async (pool, member, call) => {
          await good.ensureMember(pool, member, call)
          await good.traffic(pool, member.slot, 'in')
        },
      })),
  },
  {
    rule: 'LB-013',
    name: 'takes a member out that was there already',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        ensureMember: async (pool, member, call) => {
          await good.removeMember(pool, member.slot)
          await good.ensureMember(pool, member, call)
        },
      })),
  },
  {
    rule: 'LB-014',
    name: 'keeps traffic on a member that is moved',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        ensureMember: async (pool, member, call) => {
          const before = (await good.members(pool)).find(({ slot }) => slot === member.slot)
          await good.ensureMember(pool, member, call)
          if (before !== undefined) await good.traffic(pool, member.slot, before.traffic)
        },
      })),
  },
  {
    rule: 'LB-015',
    name: 'reports drained as in',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        members: async (pool, call) =>
          (await good.members(pool, call)).map((member) => ({
            ...member,
            traffic: member.traffic === 'drain' ? 'in' : member.traffic,
          })),
      })),
  },
  {
    rule: 'LB-017',
    name: 'refuses to remove a pool that is gone',
    code: 'ERR_NOT_FOUND',
    breakIt: (lab) => {
      const pools = new Set<string>()
      return changed(lab, (good) => ({
        ensurePool: async (pool, call) => {
          pools.add(pool.name)
          await good.ensurePool(pool, call)
        },
        removePool: async (pool, call) => {
          if (!pools.delete(pool)) throw new VmunitError('ERR_NOT_FOUND', 'There is no such pool.')
          await good.removePool(pool, call)
        },
      }))
    },
  },
  {
    rule: 'LB-018',
    name: 'says nothing about an unknown pool',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        traffic: async (pool, slot, to, call) => {
          await good.traffic(pool, slot, to, call).catch((error: unknown) => {
            if (!isVmunitError(error, 'ERR_NOT_FOUND')) throw error
          })
        },
      })),
  },
  {
    rule: 'LB-020',
    name: 'refuses to repeat what was done',
    code: 'ERR_ALREADY_EXISTS',
    breakIt: (lab) => {
      const made = new Set<string>()
      return changed(lab, (good) => ({
        ensurePool: async (pool, call) => {
          if (made.has(pool.name)) throw new VmunitError('ERR_ALREADY_EXISTS', 'The pool exists.')
          made.add(pool.name)
          await good.ensurePool(pool, call)
        },
      }))
    },
  },
  {
    rule: 'LB-030',
    name: 'cuts connections when it drains',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        traffic: async (pool, slot, to, call) => {
          if (to === 'drain') await good.traffic(pool, slot, 'out')
          await good.traffic(pool, slot, to, call)
        },
      })),
  },
  {
    rule: 'LB-040',
    name: 'does not look at a signal',
    breakIt: (lab) =>
      changed(lab, (good) => ({ traffic: async (pool, slot, to) => await good.traffic(pool, slot, to) })),
  },
  {
    rule: 'LB-042',
    name: 'does not ask whether it may',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        removePool: async (pool, call) => await good.removePool(pool, { signal: call?.signal }),
      })),
  },
  {
    rule: 'LB-042',
    name: 'asks whether it may when it is done',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        ensurePool: async (pool, call) => {
          await good.ensurePool(pool, { signal: call?.signal })
          call?.permit?.()
        },
      })),
  },
]

testMutants(
  { name: 'LoadBalancer', rules: BALANCER_RULES, facets: ['connections'], create: openWorldBalancerLab },
  MUTANTS,
)
