import type { LoadBalancer } from '../../ports/index.ts'
import type { Guard } from './guard.ts'

/** The engine's face of a load balancer. */
export function guardBalancer(balancer: LoadBalancer, guard: Guard): LoadBalancer {
  const { look, mutate } = guard
  return {
    ensurePool: (pool, call) =>
      mutate('balancer.ensurePool', (permitted) => balancer.ensurePool(pool, permitted), call),
    removePool: (pool, call) =>
      mutate('balancer.removePool', (permitted) => balancer.removePool(pool, permitted), call),
    ensureMember: (pool, member, call) =>
      mutate('balancer.ensureMember', (permitted) => balancer.ensureMember(pool, member, permitted), call),
    removeMember: (pool, slot, call) =>
      mutate('balancer.removeMember', (permitted) => balancer.removeMember(pool, slot, permitted), call),
    traffic: (pool, slot, to, call) =>
      mutate('balancer.traffic', (permitted) => balancer.traffic(pool, slot, to, permitted), call),
    members: (pool, call) => look('balancer.members', () => balancer.members(pool, call)),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
