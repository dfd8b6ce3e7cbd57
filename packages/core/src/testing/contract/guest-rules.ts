import { COMMAND_RULES } from './guest/commands.ts'
import { CONNECTION_RULES } from './guest/connections.ts'
import { FILE_RULES } from './guest/files.ts'
import { JOB_RULES } from './guest/jobs.ts'
import { PERMIT_RULES } from './guest/permit.ts'
import type { GuestLab, GuestRule } from './guest-lab.ts'
import { type ContractOptions, registerRules } from './register-rules.ts'

/** The contract of {@link GuestAccess} and its guests. */
export const GUEST_RULES: readonly GuestRule[] = [
  ...CONNECTION_RULES,
  ...COMMAND_RULES,
  ...JOB_RULES,
  ...FILE_RULES,
  ...PERMIT_RULES,
].toSorted((a, b) => a.id.localeCompare(b.id))

/** Registers the contract of guest accesses with a test runner. */
export function testGuestAccess(options: ContractOptions<GuestLab>): void {
  registerRules({ name: 'contract of GuestAccess', rules: GUEST_RULES }, options)
}
