import { ABORT_RULES } from './hypervisor/abort.ts'
import { CREATION_RULES } from './hypervisor/creation.ts'
import { CREATION_IN_PROGRESS_RULES } from './hypervisor/creation-in-progress.ts'
import { FACET_RULES } from './hypervisor/facets.ts'
import { IMAGE_RULES } from './hypervisor/images.ts'
import { INVENTORY_RULES } from './hypervisor/inventory.ts'
import { LIFECYCLE_RULES } from './hypervisor/lifecycle.ts'
import { OWNERSHIP_RULES } from './hypervisor/ownership.ts'
import { PERMIT_RULES } from './hypervisor/permit.ts'
import { POWER_RULES } from './hypervisor/power.ts'
import { REMOVAL_RULES } from './hypervisor/removal.ts'
import type { HypervisorLab, HypervisorRule } from './hypervisor-lab.ts'
import { type ContractOptions, registerRules } from './register-rules.ts'

/** The contract of {@link HypervisorDriver}: what every driver for a hypervisor must keep. */
export const HYPERVISOR_RULES: readonly HypervisorRule[] = [
  ...LIFECYCLE_RULES,
  ...CREATION_RULES,
  ...CREATION_IN_PROGRESS_RULES,
  ...OWNERSHIP_RULES,
  ...POWER_RULES,
  ...REMOVAL_RULES,
  ...INVENTORY_RULES,
  ...IMAGE_RULES,
  ...ABORT_RULES,
  ...PERMIT_RULES,
  ...FACET_RULES,
].toSorted((a, b) => a.id.localeCompare(b.id))

/**
 * Registers the contract of hypervisor drivers with a test runner.
 *
 * @example
 * ```ts
 * import { testHypervisorDriver } from '@vmunit/core/testing'
 * import { describe, it } from 'vitest'
 * import { openLab } from './open-lab.ts'
 *
 * testHypervisorDriver({ runner: { describe, it }, facets: ['limits'], create: openLab })
 * ```
 */
export function testHypervisorDriver(options: ContractOptions<HypervisorLab>): void {
  registerRules({ name: 'contract of HypervisorDriver', rules: HYPERVISOR_RULES }, options)
}
