import type { Call, Guest } from '@vmunit/core'
import { ask } from '../commands/ask.ts'
import { execute } from '../commands/execute.ts'
import type { ShellText } from '../commands/quote.ts'
import type { Session } from '../commands/remote-process.ts'
import { VmunitError } from '../errors.ts'
import { pull } from '../files/pull.ts'
import { push } from '../files/push.ts'
import { pushed } from '../files/pushed.ts'
import { lookAtJob, startJob, stopJob } from '../jobs/jobs.ts'

/** What a guest is opened with beside its connection. */
export interface GuestSettings {
  /** Where jobs are kept, as a word of a shell script. */
  readonly stateDirectory: ShellText
  readonly verify: 'hash' | 'size'
}

const BOOT_ID = 'read -r id < /proc/sys/kernel/random/boot_id && echo "$id"\n'

/** A guest over one connection; `onClosed` is called when it is closed. */
export function createSshGuest(session: Session, settings: GuestSettings, onClosed: () => void): Guest {
  const { link } = session
  const { stateDirectory, verify } = settings
  let closing: Promise<void> | undefined

  function assertOpen(call: Call | undefined): void {
    call?.signal?.throwIfAborted()
    if (closing !== undefined)
      throw new VmunitError('ERR_CLOSED', `The guest ${link.server} was closed. Open it again.`)
    const failure = link.failure()
    if (failure !== undefined) throw failure
  }

  async function whenOpen<T>(call: Call | undefined, work: (call: Call) => Promise<T>): Promise<T> {
    assertOpen(call)
    return await work(call ?? {})
  }

  /** What only looks needs nobody's permission. */
  async function look<T>(call: Call | undefined, work: (call: Call) => Promise<T>): Promise<T> {
    return await whenOpen(call, (given) => work({ ...given, permit: undefined }))
  }

  function close(): Promise<void> {
    closing ??= link.close().finally(onClosed)
    return closing
  }

  return {
    exec: (command, call) => whenOpen(call, (given) => execute(session, command, given)),
    startJob: (id, command, call) =>
      whenOpen(call, (given) => startJob(session, { id, command, stateDirectory }, given)),
    job: (id, call) => look(call, (given) => lookAtJob(session, { id, stateDirectory }, given)),
    stopJob: (id, call) => whenOpen(call, (given) => stopJob(session, { id, stateDirectory }, given)),
    push: (tree, to, call) => whenOpen(call, (given) => push(session, { tree, to, verify }, given)),
    pushed: (to, call) => look(call, (given) => pushed(session, to, given)),
    async *pull(paths, maxBytes, call) {
      assertOpen(call)
      yield* pull(session, { paths, maxBytes }, call ?? {})
    },
    bootId: (call) => look(call, async (given) => (await ask(session, { script: BOOT_ID }, given)).toString().trim()),
    close,
    [Symbol.asyncDispose]: close,
  }
}
