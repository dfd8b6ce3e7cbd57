import type { Call } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { referenceOf } from '../properties/reference-of.ts'
import type { Session } from '../session/session.ts'
import type { UpdateStream } from '../updates/update-stream.ts'
import { awaitTask, type TaskResult } from './await-task.ts'
import { type Change, sendChange } from './send-change.ts'

/** Begins a change and resolves when it is done. */
export type Perform = (change: Change, call?: Call) => Promise<TaskResult>

/** Makes {@link Perform} for a session and its stream. */
export function createPerform(session: Session, stream: UpdateStream): Perform {
  return async (change, call = {}) => {
    const what = `${change.method} of ${change.self.id}`
    const task = referenceOf(await stream.begin(() => sendChange(session, change, call)))
    if (task.type !== 'Task') throw new VmunitError('ERR_DRIVER', `${what} began no task: see what answers there.`)
    return await awaitTask(stream, { task, what, signal: call.signal })
  }
}
