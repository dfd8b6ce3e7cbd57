import { LIFECYCLE_RULES } from './address-pool/lifecycle.ts'
import { RESERVATION_RULES } from './address-pool/reservations.ts'
import type { AddressPoolLab, AddressPoolRule } from './address-pool-lab.ts'
import { type ContractOptions, registerRules } from './register-rules.ts'

/** The contract of {@link AddressPool}. */
export const ADDRESS_POOL_RULES: readonly AddressPoolRule[] = [...RESERVATION_RULES, ...LIFECYCLE_RULES].toSorted(
  (a, b) => a.id.localeCompare(b.id),
)

/** Registers the contract of address pools with a test runner. */
export function testAddressPool(options: ContractOptions<AddressPoolLab>): void {
  registerRules({ name: 'contract of AddressPool', rules: ADDRESS_POOL_RULES }, options)
}
