import { setTimeout } from 'node:timers/promises'
import type { Manager } from '@vmunit/core'
import type { Scenario } from './scenario.ts'

/** Who answers what the run of a scenario asks, from a manager that survives those that move it; often nobody. */
export function personFor({ provided }: Scenario, open: () => Manager): AsyncDisposable | undefined {
  if (provided === undefined) return undefined
  return answering(open().as({ name: 'user_b', role: 'administrator' }), provided)
}

/** Answers, until it is disposed of, whatever a run waits for; never before the run waits, so that it always does. */
function answering(manager: Manager, content: object): AsyncDisposable {
  const end = new AbortController()
  const work = (async (): Promise<void> => {
    while (!end.signal.aborted) {
      for (const { id, run } of await manager.requests.list()) {
        const { state } = await (await manager.run(run)).state()
        if (state === 'waiting') await manager.answer(id, { approve: true, content })
      }
      await setTimeout(5)
    }
  })()
  // What stopped it is thrown when it is disposed of.
  work.catch(() => {})
  return {
    async [Symbol.asyncDispose]() {
      end.abort()
      await work
    },
  }
}
