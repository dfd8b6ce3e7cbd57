import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { createWebhookNotifier } from '../../src/index.ts'
import { closed, listen } from '../support/listen.ts'
import { NOTICE } from '../support/notice.ts'

interface Received {
  readonly method: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A real HTTP server that answers with these codes, in order, and then with 204. */
async function openHook(codes: readonly number[] = []) {
  const received: Received[] = []
  const left = [...codes]
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ method: request.method, headers: request.headers, body })
      response.writeHead(left.shift() ?? 204, { location: '/elsewhere' }).end()
    })
  })
  const port = await listen(server)
  return {
    received,
    url: `http://127.0.0.1:${port}/hook`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await closed(server)
    },
  }
}

describe('web hook', () => {
  it('gets the notice as JSON, signed, with its id as idempotency key', async () => {
    await using hook = await openHook()
    const headers = { authorization: () => 'Bearer token-1' }
    await createWebhookNotifier({ url: hook.url, plaintext: true, headers, signingSecret: 's3' }).notify(NOTICE)
    const [call] = hook.received
    expect(JSON.parse(call?.body ?? '')).toEqual(NOTICE)
    expect(call).toMatchObject({
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': NOTICE.id,
        authorization: 'Bearer token-1',
        'x-vmunit-signature': `sha256=${createHmac('sha256', 's3')
          .update(call?.body ?? '')
          .digest('hex')}`,
      },
    })
  })

  it.for<readonly [number, string, boolean]>([
    [500, 'ERR_UNAVAILABLE', true],
    [503, 'ERR_UNAVAILABLE', true],
    [429, 'ERR_UNAVAILABLE', true],
    [408, 'ERR_UNAVAILABLE', true],
    [401, 'ERR_DRIVER', false],
    [404, 'ERR_DRIVER', false],
    [302, 'ERR_DRIVER', false],
  ])('an answer of %i is %s', async ([status, code, retryable]) => {
    await using hook = await openHook([status])
    const error = await createWebhookNotifier({
      url: hook.url,
      plaintext: true,
      headers: { authorization: 'Bearer x-1' },
    })
      .notify(NOTICE)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code, retryable })
    expect(`${JSON.stringify(error)} ${String(error)}`).not.toContain('x-1')
    expect(hook.received).toHaveLength(1)
  })

  it('one that is away may be tried again', async () => {
    const hook = await openHook()
    await hook[Symbol.asyncDispose]()
    const notifier = createWebhookNotifier({ url: hook.url, plaintext: true })
    await expect(notifier.notify(NOTICE)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
  })

  it.for(['http://127.0.0.1/hook', 'ftp://127.0.0.1/', 'nowhere'])('%s is refused', (url) => {
    expect(() => createWebhookNotifier({ url })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_INPUT' }))
  })

  it('a login in the address is refused, and not shown', () => {
    const create = (): unknown => createWebhookNotifier({ url: 'https://user:hunter2@127.0.0.1/hook' })
    expect(create).toThrow(expect.objectContaining({ code: 'ERR_INVALID_INPUT' }))
    expect(create).not.toThrow('hunter2')
  })

  it('aborted, it rejects with the reason', async () => {
    const asked = Promise.withResolvers<void>()
    const server = createServer(() => asked.resolve())
    const port = await listen(server)
    const stop = new AbortController()
    const sending = createWebhookNotifier({ url: `http://127.0.0.1:${port}/`, plaintext: true }).notify(NOTICE, stop)
    await asked.promise
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(sending).rejects.toBe(reason)
    server.closeAllConnections()
    await closed(server)
  })
})
