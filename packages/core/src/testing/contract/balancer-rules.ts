import { BALANCER_LIFECYCLE_RULES } from './balancer/lifecycle.ts'
import { MEMBER_RULES } from './balancer/members.ts'
import type { BalancerLab, BalancerRule } from './balancer-lab.ts'
import { type ContractOptions, registerRules } from './register-rules.ts'

/** The contract of {@link LoadBalancer}. */
export const BALANCER_RULES: readonly BalancerRule[] = [...BALANCER_LIFECYCLE_RULES, ...MEMBER_RULES].toSorted((a, b) =>
  a.id.localeCompare(b.id),
)

/** Registers the contract of load balancers with a test runner. */
export function testLoadBalancer(options: ContractOptions<BalancerLab>): void {
  registerRules({ name: 'contract of LoadBalancer', rules: BALANCER_RULES }, options)
}
