import type { LoadBalancer } from '../../ports/index.ts'
import type { Guard } from './guard.ts'

/** The engine's face of a load balancer. */
export function guardBalancer(balancer: LoadBalancer, guard: Guard): LoadBalancer {
  const { look, mutate } = guard
  return {
    ensurePool: (pool, call) => mutate('balancer.ensurePool', () => balancer.ensurePool(pool, call)),
    removePool: (pool, call) => mutate('balancer.removePool', () => balancer.removePool(pool, call)),
    ensureMember: (pool, member, call) =>
      mutate('balancer.ensureMember', () => balancer.ensureMember(pool, member, call)),
    removeMember: (pool, slot, call) => mutate('balancer.removeMember', () => balancer.removeMember(pool, slot, call)),
    traffic: (pool, slot, to, call) => mutate('balancer.traffic', () => balancer.traffic(pool, slot, to, call)),
    members: (pool, call) => look('balancer.members', () => balancer.members(pool, call)),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
