import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { watchConnection } from '../../../src/node-vsphere-soap/watch-connection.ts'

class Client extends EventEmitter {
  status = 'connecting'
  connectionInfo = { host: 'vcenter', user: 'somebody', password: 'secret', sslVerify: true }
}

describe('watchConnection', () => {
  it('lets everybody wait for the same connection, with one listener', async () => {
    const client = new Client()
    const connection = watchConnection(client)
    const waiting = Array.from({ length: 64 }, async () => await connection.ready())
    expect(client.listenerCount('ready')).toBe(1)
    client.status = 'ready'
    client.emit('ready')
    await Promise.all(waiting)
    await connection.ready()
  })

  it('rejects when the client fails, and waits again when it connects again', async () => {
    const client = new Client()
    const connection = watchConnection(client)
    const first = connection.ready()
    client.emit('error', new Error('no route'))
    await expect(first).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', cause: { message: 'no route' } })
    const second = connection.ready()
    client.emit('ready')
    await second
  })

  it('tells refused credentials apart, without the password', async () => {
    const client = new Client()
    const waiting = watchConnection(client).ready()
    client.emit('error', '<Fault><detail><InvalidLoginFault/></detail></Fault>')
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED' })
    await expect(waiting).rejects.not.toThrow('secret')
  })

  it('rejects for a client that is not connected', async () => {
    const client = new Client()
    client.status = 'disconnected'
    await expect(watchConnection(client).ready()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: false })
  })

  it('takes its listeners off', () => {
    const client = new Client()
    watchConnection(client).stop()
    expect(client.eventNames()).toEqual([])
  })
})
