import type { LoadBalancer } from '../../ports/load-balancer.ts'
import type { ClosableAsk } from './ask.ts'

/** The balancer of a world as a driver. */
export function balancerPort({ ask, close }: ClosableAsk): LoadBalancer {
  return {
    ensurePool: async (pool, call) => await ask('balancer.ensurePool', [pool], call),
    removePool: async (pool, call) => await ask('balancer.removePool', [pool], call),
    ensureMember: async (pool, member, call) => await ask('balancer.ensureMember', [pool, member], call),
    removeMember: async (pool, slot, call) => await ask('balancer.removeMember', [pool, slot], call),
    traffic: async (pool, slot, to, call) => await ask('balancer.traffic', [pool, slot, to], call),
    members: async (pool, call) => await ask('balancer.members', [pool], call),
    close,
    [Symbol.asyncDispose]: close,
  }
}
