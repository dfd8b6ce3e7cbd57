import { UNIT_BALANCER } from '../domain/tier.ts'
import type { LoadBalancer } from '../ports/index.ts'
import type { EngineOptions } from './engine-options.ts'

/** The balancer that a tier names: one of the manager, or one that the definition of its unit brings with it. */
export function findBalancer(
  { balancers, unitBalancers }: Pick<EngineOptions, 'balancers' | 'unitBalancers'>,
  name: string,
): LoadBalancer | undefined {
  if (name.startsWith(UNIT_BALANCER)) return unitBalancers?.of(name)
  return Object.hasOwn(balancers, name) ? balancers[name] : undefined
}
