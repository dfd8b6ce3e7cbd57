import type { Plan } from '../domain/plan.ts'
import { VmunitError } from '../errors/index.ts'
import type { Operation } from '../ports/index.ts'
import type { EngineOptions } from './engine-options.ts'

/**
 * The code behind a plan, found by name and version.
 *
 * @throws {@link VmunitError} `ERR_NOT_CONFIGURED` when this manager does not have it; the run stays as it is.
 */
export function findOperation(
  { operations }: Pick<EngineOptions, 'operations'>,
  { runId, plan }: { readonly runId?: string | undefined; readonly plan: Plan },
): Operation {
  const { name, version } = plan.operation
  const operation = operations.get(`${name}@${version}`)
  if (operation !== undefined) return operation
  throw new VmunitError(
    'ERR_NOT_CONFIGURED',
    `${runId === undefined ? 'The plan' : `Run ${runId}`} needs operation ${name} in version ${version}, which this manager does not have. Pass it in operations.`,
    { details: { run: runId, operation: name, version } },
  )
}
