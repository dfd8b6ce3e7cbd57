import type { Outcome } from '../domain/run-state.ts'
import { isVmunitError } from '../errors/index.ts'

/** The exit codes of the original's commands (spec §3.0): done, done with warnings, busy, failed. */
export type ExitClass = 0 | 1 | 2 | 64

/** What an original command would have ended with: for a result with its warnings, or for what it rejected with. */
export function exitClass(result: unknown): ExitClass {
  if (isVmunitError(result, 'ERR_CLAIMED', 'ERR_LOCKED', 'ERR_STORE_BUSY')) return 2
  if (isVmunitError(result, 'ERR_RUN_FAILED')) return isPartial(result.details['outcomes']) ? 1 : 64
  if (result instanceof Error) return 64
  const hasWarnings =
    typeof result === 'object' &&
    result !== null &&
    'warnings' in result &&
    Array.isArray(result.warnings) &&
    result.warnings.length > 0
  return hasWarnings ? 1 : 0
}

/** Some failed and others did not: a warning; all failed: an error (spec §3.15). */
function isPartial(outcomes: unknown): boolean {
  return (
    Array.isArray(outcomes) && outcomes.some(({ status }: Outcome) => status === 'changed' || status === 'unchanged')
  )
}
