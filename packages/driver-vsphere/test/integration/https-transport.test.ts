import { getEventListeners, once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpsTransport } from '../../src/transport/https-transport.ts'
import type { Transport } from '../../src/transport/transport.ts'

const stack: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
})

const REQUEST = { method: 'CurrentTime', body: '<CurrentTime xmlns="urn:vim25"/>' }
const OPTIONS = { timeoutMs: 20_000 }

async function serve(listener: RequestListener, connections = 8): Promise<Transport> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/sdk`)
  const transport = createHttpsTransport({ url, trust: { by: 'nothing' }, connections, maxAnswerBytes: 1_000 })
  stack.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  stack.push(() => transport.close())
  return transport
}

describe('our own transport', () => {
  it('sends an envelope with the operation’s name and the cookie, and gives status, bytes and cookie back', async () => {
    const transport = await serve((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        response.writeHead(500, { 'Set-Cookie': 'vmware_soap_session="x"; Path=/; HttpOnly' })
        response.end(`${request.headers.cookie}|${Buffer.concat(chunks).toString()}`)
      })
    })
    const answer = await transport.send({ ...REQUEST, operationId: 'run/<a>#1', cookie: 'k=v' }, OPTIONS)
    expect(answer.status).toBe(500)
    expect(answer.cookie).toBe('vmware_soap_session="x"')
    const text = Buffer.from(answer.body).toString()
    expect(text).toMatch(/^k=v\|<\?xml.*<operationID>run\/&lt;a&gt;#1<\/operationID>.*<CurrentTime/)
  })

  it('keeps connections', async () => {
    const ports = new Set<number | undefined>()
    const transport = await serve((request, response) => {
      ports.add(request.socket.remotePort)
      request.resume().on('end', () => response.end('x'))
    })
    for (let index = 0; index < 5; index += 1) await transport.send(REQUEST, OPTIONS)
    expect(ports.size).toBe(1)
  })

  it('asks for permission when a connection is free, not when the request begins to wait for one', async () => {
    const seen: string[] = []
    const held = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    const transport = await serve((request, response) => {
      seen.push(String(request.headers.cookie))
      arrived.resolve()
      request.resume().on('end', () => held.promise.then(() => response.end('x')))
    }, 1)
    const before = transport.send({ ...REQUEST, cookie: 'before' }, OPTIONS)
    await arrived.promise
    const refusal = new Error('not any more')
    let isAsked = false
    const permit = (): void => {
      isAsked = true
      throw refusal
    }
    const refused = transport.send({ ...REQUEST, cookie: 'refused' }, { ...OPTIONS, permit })
    refused.catch(() => {})
    expect(isAsked).toBe(false)
    held.resolve()
    await before
    await expect(refused).rejects.toBe(refusal)
    await transport.send({ ...REQUEST, cookie: 'after' }, { ...OPTIONS, permit: () => {} })
    expect(seen).toEqual(['before', 'after'])
  })

  it('rejects with the reason of the signal at once, and leaves no listener on it', async () => {
    const transport = await serve(() => {})
    const stop = new AbortController()
    const pending = transport.send(REQUEST, { ...OPTIONS, signal: stop.signal })
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(pending).rejects.toBe(reason)
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0)
    await expect(transport.send(REQUEST, { ...OPTIONS, signal: stop.signal })).rejects.toBe(reason)
  })

  it('gives up an answer that does not come in time', async () => {
    const transport = await serve((_, response) => void response.write('<half'))
    await expect(transport.send(REQUEST, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      retryable: true,
    })
  })

  it('refuses an answer that is too long', async () => {
    const transport = await serve((_, response) => void response.end('x'.repeat(2_000)))
    await expect(transport.send(REQUEST, OPTIONS)).rejects.toMatchObject({ code: 'ERR_DRIVER', retryable: false })
  })

  it.each([
    ['before the answer', (): void => {}],
    ['within the answer', (write: () => void): void => write()],
  ])('tells of a connection that breaks %s as of something that passes', async (_, prepare) => {
    const transport = await serve((request, response) => {
      prepare(() => response.write('<half'))
      setImmediate(() => request.socket.destroy())
    })
    await expect(transport.send(REQUEST, OPTIONS)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
  })

  it('tells of a server that is not there as of something that passes', async () => {
    const url = new URL('http://127.0.0.1:1/sdk')
    const transport = createHttpsTransport({ url, trust: { by: 'nothing' }, connections: 1, maxAnswerBytes: 1 })
    stack.push(() => transport.close())
    await expect(transport.send(REQUEST, OPTIONS)).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
      retryable: true,
      details: { reason: 'ECONNREFUSED' },
    })
  })

  it('ends what is pending when it is closed, and refuses what comes later', async () => {
    const transport = await serve(() => {})
    const pending = transport.send(REQUEST, OPTIONS)
    pending.catch(() => {})
    await transport.close()
    await expect(pending).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await expect(transport.send(REQUEST, OPTIONS)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })
})
