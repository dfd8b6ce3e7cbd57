import { type ContractOptions, registerRules } from './register-rules.ts'
import { BLOB_RULES } from './store/blobs.ts'
import { COMMIT_RULES } from './store/commits.ts'
import { DOCUMENT_RULES } from './store/documents.ts'
import { JOURNAL_RULES } from './store/journals.ts'
import { LEASE_RULES } from './store/leases.ts'
import { STORE_LIFECYCLE_RULES } from './store/lifecycle.ts'
import type { StoreLab, StoreRule } from './store-lab.ts'

/** The contract of {@link StateStore}. */
export const STORE_RULES: readonly StoreRule[] = [
  ...STORE_LIFECYCLE_RULES,
  ...DOCUMENT_RULES,
  ...COMMIT_RULES,
  ...JOURNAL_RULES,
  ...LEASE_RULES,
  ...BLOB_RULES,
].toSorted((a, b) => a.id.localeCompare(b.id))

/** Registers the contract of state stores with a test runner. */
export function testStateStore(options: ContractOptions<StoreLab>): void {
  registerRules({ name: 'contract of StateStore', rules: STORE_RULES }, options)
}
