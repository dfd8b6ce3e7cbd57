import type { Operation } from '../ports/index.ts'

/**
 * Declares an operation, so that its input and output types are inferred from its parts.
 *
 * Pass your own in `ManagerOptions.operations`; the built-in ones are always there.
 *
 * @example
 * ```ts
 * import { defineOperation, steps } from '@vmunit/core'
 *
 * export const touchFile = defineOperation({
 *   name: 'touchFile', version: 1, input, kinds: [steps.runJob],
 *   plan: (input, world) => ({ claims: [], servers: [], phases: [] }),
 *   result: (plan, finished) => finished.outcomes,
 * })
 * ```
 */
export function defineOperation<Input, Output>(operation: Operation<Input, Output>): Operation<Input, Output> {
  return Object.freeze(operation)
}
