import { isVmunitError } from '../../errors/index.ts'
import type { Call, Guest } from '../../ports/index.ts'
import type { Guard } from './guard.ts'

/** The engine's face of a guest; `onUnavailable` is called when the connection turns out to be dead. */
export function guardGuest(guest: Guest, guard: Guard, onUnavailable: () => void): Guest {
  async function watched<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (isVmunitError(error, 'ERR_UNAVAILABLE', 'ERR_HOST_KEY')) onUnavailable()
      throw error
    }
  }
  const look = <T>(call: string, work: () => Promise<T>): Promise<T> => watched(guard.look(call, work))
  const mutate = <T>(call: string, work: (options: Call) => Promise<T>, options?: Call): Promise<T> =>
    watched(guard.mutate(call, work, options))
  return {
    exec: (command, call) => look('guest.exec', () => guest.exec(command, call)),
    startJob: (id, command, call) =>
      mutate('guest.startJob', (permitted) => guest.startJob(id, command, permitted), call),
    job: (id, call) => look('guest.job', () => guest.job(id, call)),
    stopJob: (id, call) => mutate('guest.stopJob', (permitted) => guest.stopJob(id, permitted), call),
    push: (tree, to, call) => mutate('guest.push', (permitted) => guest.push(tree, to, permitted), call),
    pushed: (to, call) => look('guest.pushed', () => guest.pushed(to, call)),
    async *pull(paths, maxBytes, call) {
      const chunks = guest.pull(paths, maxBytes, call)[Symbol.asyncIterator]()
      try {
        for (;;) {
          const chunk = await look('guest.pull', () => chunks.next())
          if (chunk.done === true) return
          yield chunk.value
        }
      } finally {
        await chunks.return?.()
      }
    },
    bootId: (call) => look('guest.bootId', () => guest.bootId(call)),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
