import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { startWsdlFront, type WsdlFront } from '../../src/wsdl-front/start-wsdl-front.ts'

interface Target extends AsyncDisposable {
  readonly url: string
}

async function startTarget(
  answer: (body: string, request: IncomingMessage, response: ServerResponse) => void,
): Promise<Target> {
  const server = createServer(async (incoming, response) => {
    answer((await buffer(incoming)).toString(), incoming, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sdk`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function ask(
  front: WsdlFront,
  path: string,
  body?: string,
): Promise<{ status: number; headers: object; text: string }> {
  return await new Promise((resolve, reject) => {
    const sent = request(`https://${front.host}${path}`, { ca: front.ca, method: body === undefined ? 'GET' : 'POST' })
    sent.once('error', reject)
    sent.once('response', (answer) => {
      buffer(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: bytes.toString() }),
        reject,
      )
    })
    sent.end(body)
  })
}

const call = (self: string): string =>
  `<Envelope><Body><vim25:X><vim25:_this>${self}</vim25:_this></vim25:X></Body></Envelope>`

describe('the WSDL front', () => {
  it('describes the operations of vim25 itself', async () => {
    await using target = await startTarget((_body, _request, response) => response.end('not asked'))
    await using front = await startWsdlFront({ target: target.url })
    const { status, text } = await ask(front, '/sdk/vimService.wsdl')
    expect(status).toBe(200)
    expect(text).toContain('<operation name="CloneVM_Task">')
    expect(text).toContain(`<soap:address location="https://${front.host}/sdk"/>`)
  })

  it('forwards calls to the path of the target and gives status, headers and bytes back', async () => {
    await using target = await startTarget((body, incoming, response) => {
      response.writeHead(500, { 'Set-Cookie': 'vmware_soap_session=1' })
      response.end(`${incoming.method} ${incoming.url} ${body} ä`)
    })
    await using front = await startWsdlFront({ target: target.url })
    const { status, headers, text } = await ask(front, '/sdk/vimService.wsdl', 'ü')
    expect({ status, text }).toEqual({ status: 500, text: 'POST /sdk ü ä' })
    expect(headers).toMatchObject({ 'set-cookie': ['vmware_soap_session=1'] })
  })

  it('names the type of the service instance where the client leaves it out', async () => {
    await using target = await startTarget((body, _request, response) => response.end(body))
    await using front = await startWsdlFront({ target: target.url })
    const typed = call('ServiceInstance').replace('_this>', '_this type="ServiceInstance">')
    expect((await ask(front, '/sdk', call('ServiceInstance'))).text).toBe(typed)
    expect((await ask(front, '/sdk', call('vm-1'))).text).toBe(call('vm-1'))
  })

  it('gives no answer where the target gives none', async () => {
    await using target = await startTarget((_body, _request, response) => response.destroy())
    await using front = await startWsdlFront({ target: target.url })
    await expect(ask(front, '/sdk', 'x')).rejects.toThrow(/hang up/)
  })

  it('cuts an answer off where the target does', async () => {
    await using target = await startTarget((_body, _request, response) => {
      response.writeHead(200, { 'Content-Length': 1000 })
      response.write('begin', () => response.destroy())
    })
    await using front = await startWsdlFront({ target: target.url })
    await expect(ask(front, '/sdk', 'x')).rejects.toThrow(/aborted|hang up/)
  })

  it('gives up a call whose client has gone', async () => {
    const gone = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    await using target = await startTarget((_body, _request, response) => {
      response.once('close', () => gone.resolve())
      asked.resolve()
    })
    await using front = await startWsdlFront({ target: target.url })
    const sent = request(`https://${front.host}/sdk`, { ca: front.ca, method: 'POST' })
    sent.once('error', () => {})
    sent.end('x')
    await asked.promise
    sent.destroy()
    await gone.promise
  })

  it('ends a pending call when it closes', async () => {
    const asked = Promise.withResolvers<void>()
    await using target = await startTarget(() => asked.resolve())
    const front = await startWsdlFront({ target: target.url })
    const answer = ask(front, '/sdk', 'x')
    await asked.promise
    await Promise.all([expect(answer).rejects.toThrow(/hang up/), front.close()])
    await expect(ask(front, '/sdk', 'x')).rejects.toThrow(/ECONNREFUSED/)
  })
})
