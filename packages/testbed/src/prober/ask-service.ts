import { request } from 'node:http'
import { text } from 'node:stream/consumers'

/** What the application of every guest serves: which release of its template it is. */
const RELEASE = '/release'

/** Where a service is, and how long its answer may take. */
export interface Asked {
  readonly address: string
  readonly port: number
  readonly timeoutMs: number
}

/** What the application at an address answers; undefined when it does not, or not in time. */
export async function askService({ address, port, timeoutMs }: Asked): Promise<string | undefined> {
  const signal = AbortSignal.timeout(timeoutMs)
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  // A connection for each question: one that is kept would go on to the guest that had the address before.
  const asked = request({ host: address, port, path: RELEASE, agent: false, signal })
  asked.once('error', () => resolve(undefined))
  asked.once('response', (answer) => {
    const isGood = answer.statusCode === 200
    text(answer).then(
      (body) => resolve(isGood ? body : undefined),
      () => resolve(undefined),
    )
  })
  asked.end()
  return await promise
}
