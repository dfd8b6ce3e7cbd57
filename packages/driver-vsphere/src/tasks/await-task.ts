import { VmunitError } from '../errors.ts'
import { localizedFault } from '../faults/fault.ts'
import { faultError } from '../faults/fault-error.ts'
import type { Reference } from '../properties/reference.ts'
import { referenceOf } from '../properties/reference-of.ts'
import type { UpdateStream } from '../updates/update-stream.ts'
import type { Watched } from '../updates/watches.ts'

/** What a task gave: what it made, where it made something. */
export interface TaskResult {
  readonly made: Reference | undefined
}

/** A task to wait for. `what` says what it does, for errors. */
export interface AwaitedTask {
  readonly task: Reference
  readonly what: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits until a task has ended.
 *
 * @throws VmunitError as its fault says; `ERR_UNAVAILABLE`, retryable, when the server has forgotten the task: then one
 * has to look what became of it.
 */
export async function awaitTask(stream: UpdateStream, { task, what, signal }: AwaitedTask): Promise<TaskResult> {
  return await stream.until(task, (seen) => resultOf(seen, what), signal)
}

function resultOf(seen: Watched, what: string): TaskResult | undefined {
  if (seen === undefined) {
    throw new VmunitError('ERR_UNAVAILABLE', `${what}: vSphere has forgotten the task. Look, then repeat.`, {
      retryable: true,
    })
  }
  const state = seen.get('info.state')?.text
  const error = seen.get('info.error')
  if (state === 'error' && error !== undefined) throw faultError(localizedFault(error), what)
  if (state === 'error') throw new VmunitError('ERR_DRIVER', `${what} failed, and vSphere does not say why.`)
  if (state !== 'success') return undefined
  const made = seen.get('info.result')
  return { made: made?.type === undefined ? undefined : referenceOf(made) }
}
