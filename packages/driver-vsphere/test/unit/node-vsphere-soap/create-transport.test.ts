import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createNodeVsphereSoapTransport, type NodeVsphereSoapClient } from '../../../src/node-vsphere-soap/index.ts'

function clientWith(fields: object): NodeVsphereSoapClient {
  const connectionInfo = { host: 'vcenter', user: 'somebody', password: 'secret', sslVerify: true }
  return Object.assign(new EventEmitter(), { status: 'ready', connectionInfo, ...fields })
}

const currentTime = { method: 'CurrentTime', body: '<CurrentTime xmlns="urn:vim25"/>' }

describe('createNodeVsphereSoapTransport', () => {
  it('refuses a client that does not verify certificates, unless that is said', () => {
    const client = clientWith({ connectionInfo: { host: 'h', user: 'u', password: 'p', sslVerify: false } })
    expect(() => createNodeVsphereSoapTransport(client)).toThrow(/sslVerify: true/)
    createNodeVsphereSoapTransport(client, { insecureAcceptAnyCertificate: true })
  })

  it('refuses what is no client', async () => {
    expect(() => createNodeVsphereSoapTransport({} as NodeVsphereSoapClient)).toThrow(TypeError)
    const transport = createNodeVsphereSoapTransport(clientWith({ client: {} }))
    await expect(transport.send(currentTime, { timeoutMs: 1000 })).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' })
  })

  it('says which operation the WSDL lacks', async () => {
    class Soap {
      wsdl = { options: {} }
      addBodyAttribute(): void {}
    }
    const transport = createNodeVsphereSoapTransport(clientWith({ client: new Soap() }))
    const sent = transport.send(currentTime, { timeoutMs: 1000 })
    await expect(sent).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' })
    await expect(sent).rejects.toThrow('CurrentTime')
  })

  it('sends nothing after it was closed, and takes its listeners off the client', async () => {
    const client = clientWith({ status: 'connecting' })
    const transport = createNodeVsphereSoapTransport(client)
    const pending = transport.send(currentTime, { timeoutMs: 60_000 })
    await Promise.all([expect(pending).rejects.toMatchObject({ code: 'ERR_CLOSED' }), transport.close()])
    await expect(transport.send(currentTime, { timeoutMs: 1000 })).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    expect((client as unknown as EventEmitter).eventNames()).toEqual([])
  })
})
