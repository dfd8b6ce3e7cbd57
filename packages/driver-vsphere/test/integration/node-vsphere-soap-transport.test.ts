import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { availableVcsims, createAuthority, startVcenter, type Vcenter } from '@vmunit/testbed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNodeVsphereSoapTransport } from '../../src/node-vsphere-soap/index.ts'
import { methodElement } from '../../src/soap/element.ts'
import type { SendOptions, Transport, VimRequest } from '../../src/transport/transport.ts'
import { connected, type OpenClient, openClient } from '../support/node-vsphere-soap-client.ts'

const SERVICE = { type: 'ServiceInstance', id: 'ServiceInstance' }
const LIMIT: SendOptions = { timeoutMs: 20_000 }

const currentTime: VimRequest = { method: 'CurrentTime', body: methodElement('CurrentTime', SERVICE, '') }

/** Asks for the name of the root folder: only a session is told. */
const rootName: VimRequest = {
  method: 'RetrievePropertiesEx',
  body: methodElement(
    'RetrievePropertiesEx',
    { type: 'PropertyCollector', id: 'propertyCollector' },
    '<specSet><propSet><type>Folder</type><pathSet>name</pathSet></propSet>' +
      '<objectSet><obj type="Folder">group-d1</obj></objectSet></specSet><options/>',
  ),
}

async function text(transport: Transport, request: VimRequest, options = LIMIT): Promise<string> {
  return Buffer.from((await transport.send(request, options)).body).toString()
}

function powerOn(machine: string): VimRequest {
  return {
    method: 'PowerOnVM_Task',
    body: methodElement('PowerOnVM_Task', { type: 'VirtualMachine', id: machine }, ''),
    operationId: 'run-1/<power>#1',
  }
}

describe.each(await availableVcsims())('the transport over node-vsphere-soap, govmomi from %s', (govmomi) => {
  let vcenter: Vcenter
  let open: OpenClient
  let transport: Transport

  beforeAll(async () => {
    vcenter = await startVcenter({ govmomi, machines: 1 })
    open = await openClient(vcenter)
    // Not awaited: a request may come before the client is connected.
    transport = createNodeVsphereSoapTransport(open.client)
  })
  afterAll(async () => {
    await vcenter?.proxy.reset()
    await transport?.close()
    await open?.close()
    await vcenter?.close()
  })

  it('waits for a client that is still connecting, then asks in its session', async () => {
    expect(open.client.status).toBe('connecting')
    expect(await text(transport, rootName)).toContain('>Datacenters<')
    expect(vcenter.proxy.counts()).toMatchObject({ Login: 1 })
    expect(process.env['NODE_TLS_REJECT_UNAUTHORIZED']).toBeUndefined()
  })

  it('changes a machine, with the operation id in the header', async () => {
    const id = await vcenter.hands.createMachine({ name: 'changed' })
    const mark = vcenter.proxy.mark()
    expect(await text(transport, powerOn(id))).toContain('PowerOnVM_TaskResponse')
    await expect.poll(async () => (await vcenter.hands.machines()).find((one) => one.id === id)?.power).toBe('on')
    expect(vcenter.proxy.calls({ since: mark })).toMatchObject([
      { method: 'PowerOnVM_Task', machine: id, operationId: 'run-1/<power>#1' },
    ])
  })

  it('asks for permission when its connection stands, on a new one and on one that is kept', async () => {
    const id = await vcenter.hands.createMachine({ name: 'permitted' })
    const refusal = new Error('not any more')
    let isAsked = false
    const permit = (): void => {
      isAsked = true
      throw refusal
    }
    const mark = vcenter.proxy.mark()
    const fresh = createNodeVsphereSoapTransport(open.client)
    const refused = fresh.send(powerOn(id), { ...LIMIT, permit })
    expect(isAsked).toBe(false)
    await expect(refused).rejects.toBe(refusal)
    await fresh.send(currentTime, LIMIT)
    await expect(fresh.send(powerOn(id), { ...LIMIT, permit })).rejects.toBe(refusal)
    expect(vcenter.proxy.count({ since: mark, method: 'PowerOnVM_Task' })).toBe(0)
    const answer = await fresh.send(powerOn(id), { ...LIMIT, permit: () => {} })
    expect(answer.status).toBe(200)
    expect(vcenter.proxy.count({ since: mark, method: 'PowerOnVM_Task' })).toBe(1)
    await fresh.close()
  })

  it('gives a SOAP fault as the answer it is, and neither the process nor the client suffers', async () => {
    const answer = await transport.send(powerOn('vm-99999'), LIMIT)
    expect(answer.status).toBe(500)
    expect(Buffer.from(answer.body).toString()).toContain('ManagedObjectNotFound')
    expect(open.client.status).toBe('ready')
  })

  it('keeps its connection open', async () => {
    await transport.send(currentTime, LIMIT)
    const before = open.front.connections().opened
    await transport.send(currentTime, LIMIT)
    expect(open.front.connections().opened).toBe(before)
  })

  it('carries many requests at once', async () => {
    const answers = await Promise.all(Array.from({ length: 64 }, async () => await text(transport, currentTime)))
    expect(answers.filter((answer) => answer.includes('<CurrentTimeResponse'))).toHaveLength(64)
  })

  it.each([
    ['reset' as const, 'ERR_UNAVAILABLE'],
    ['lostAnswer' as const, 'ERR_UNAVAILABLE'],
  ])('rejects when there is no answer: %s', async (kind, code) => {
    vcenter.proxy.addFault({ method: 'CurrentTime', times: 1, effect: { kind } })
    await expect(transport.send(currentTime, LIMIT)).rejects.toMatchObject({ code, retryable: true })
    expect(await text(transport, currentTime)).toContain('<CurrentTimeResponse')
  })

  it('gives the answer of a gateway as it is', async () => {
    vcenter.proxy.addFault({ method: 'CurrentTime', times: 1, effect: { kind: 'unavailable' } })
    expect(await transport.send(currentTime, LIMIT)).toMatchObject({ status: 503 })
  })

  it('rejects at once with the reason of the signal; the request goes on', async () => {
    const mark = vcenter.proxy.mark()
    vcenter.proxy.addFault({ method: 'CurrentTime', times: 1, effect: { kind: 'delay', ms: 300 } })
    const caller = new AbortController()
    const pending = transport.send(currentTime, { ...LIMIT, signal: caller.signal })
    const reason = new Error('no longer needed')
    caller.abort(reason)
    await expect(pending).rejects.toBe(reason)
    await expect.poll(() => vcenter.proxy.counts({ since: mark })).toEqual({ CurrentTime: 1 })
  })

  it('verifies the server by the CA that it is given', async () => {
    await using good = createNodeVsphereSoapTransport(open.client, { ca: open.front.ca })
    expect(await text(good, currentTime)).toContain('<CurrentTimeResponse')
    const { certificate } = await createAuthority('another one')
    await using bad = createNodeVsphereSoapTransport(open.client, { ca: certificate })
    const mark = vcenter.proxy.mark()
    const refused = {
      code: 'ERR_CERTIFICATE',
      retryable: false,
      details: { problem: expect.stringMatching(/CERT|VERIFY/) },
    }
    await expect(bad.send(currentTime, LIMIT)).rejects.toMatchObject(refused)
    expect(vcenter.proxy.counts({ since: mark })).toEqual({})
  })

  it('keeps its time limit', async () => {
    vcenter.proxy.addFault({ method: 'CurrentTime', times: 1, effect: { kind: 'delay', ms: 500 } })
    const error: unknown = await transport.send(currentTime, { timeoutMs: 50 }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', retryable: true })
  })

  it('renews an expired session once, for the client as well', async () => {
    const before = open.client.authCookie?.cookies
    await vcenter.proxy.expireSessions('fault')
    expect(await text(transport, rootName)).toContain('NotAuthenticated')
    await transport.session?.renew(LIMIT)
    expect(open.client.authCookie?.cookies).not.toBe(before)
    expect(await text(transport, rootName)).toContain('>Datacenters<')
    const [result] = await once(open.client.runCommand('CurrentTime', { _this: serviceOfClient }), 'result')
    expect(result).toHaveProperty('returnval')
  })

  it('says so when the credentials are no longer accepted, without naming the password', async () => {
    await transport.send(currentTime, LIMIT)
    const { connectionInfo } = open.client
    const { password } = connectionInfo
    connectionInfo.password = 'no-longer-valid'
    const since = vcenter.proxy.mark()
    const renew = async (): Promise<unknown> => await transport.session?.renew(LIMIT).catch((caught: unknown) => caught)
    const errors = [await renew(), await renew(), await renew()]
    connectionInfo.password = password
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
    expect(JSON.stringify(errors)).not.toContain('no-longer-valid')
    expect(
      vcenter.proxy.counts({ since })['Login'],
      'a password that is refused again and again locks the account',
    ).toBe(2)
  })

  it('closes its connections when it is closed', async () => {
    const other = createNodeVsphereSoapTransport(open.client)
    const before = open.front.connections().open
    await other.send(currentTime, LIMIT)
    expect(open.front.connections().open).toBe(before + 1)
    await other.close()
    await expect.poll(() => open.front.connections().open).toBe(before)
  })

  it('leaves client and session as they are when it is closed, and rejects what is pending', async () => {
    const other = createNodeVsphereSoapTransport(open.client)
    const mark = vcenter.proxy.mark()
    vcenter.proxy.addFault({ method: 'CurrentTime', times: 1, effect: { kind: 'delay', ms: 300 } })
    const pending = other.send(currentTime, LIMIT)
    await Promise.all([expect(pending).rejects.toMatchObject({ code: 'ERR_CLOSED' }), other.close()])
    await expect(other.send(currentTime, LIMIT)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    expect(await text(transport, rootName)).toContain('>Datacenters<')
    expect(vcenter.proxy.counts({ since: mark })).not.toHaveProperty('Logout')
  })
})

const serviceOfClient = { attributes: { type: 'ServiceInstance' }, $value: 'ServiceInstance' }

describe('answers that are no SOAP', () => {
  it.each<[string, RequestListener, object]>([
    ['a page', (_request, response) => response.writeHead(503).end('<html><body>away</body></html>'), { status: 503 }],
    ['nothing', (_request, response) => response.writeHead(502).end(), { status: 502 }],
    ['no XML', (_request, response) => response.end('no healthy upstream'), { status: 200 }],
  ])('%s is handed on and does not end the process', async (_name, listener, expected) => {
    await using gateway = await startGateway()
    await using open = await openClient(gateway)
    await connected(open)
    await using transport = createNodeVsphereSoapTransport(open.client)
    gateway.answer(listener)
    expect(await transport.send(currentTime, LIMIT)).toMatchObject(expected)
    gateway.answer(undefined)
  })

  it('half an answer is none', async () => {
    await using gateway = await startGateway()
    await using open = await openClient(gateway)
    await connected(open)
    await using transport = createNodeVsphereSoapTransport(open.client)
    gateway.answer((_request, response) => {
      response.writeHead(200, { 'Content-Length': 1000 })
      response.write('<soapenv:Envelope>', () => response.destroy())
    })
    await expect(transport.send(currentTime, LIMIT)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    gateway.answer(undefined)
  })
})

interface Gateway extends AsyncDisposable {
  readonly url: string
  readonly username: string
  readonly password: string
  /** Answers so instead of asking vCenter. */
  answer(listener: RequestListener | undefined): void
}

/** What stands before a vCenter and answers when vCenter does not: here it always answers, by script. */
async function startGateway(): Promise<Gateway> {
  let scripted: RequestListener | undefined
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString()
    if (scripted !== undefined) return scripted(request, response)
    const method = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(body)?.[1]
    response.setHeader('Set-Cookie', 'vmware_soap_session=1; Path=/')
    response.end(
      '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
        `<${method}Response xmlns="urn:vim25"><returnval><sessionManager type="SessionManager">SessionManager</sessionManager>` +
        `</returnval></${method}Response></soapenv:Body></soapenv:Envelope>`,
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sdk`,
    username: 'somebody',
    password: 'secret',
    answer: (listener) => {
      scripted = listener
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
