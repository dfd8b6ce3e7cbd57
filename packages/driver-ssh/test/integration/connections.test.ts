import { getEventListeners } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { describe, expect, it } from 'vitest'
import { newKeyPair } from '../support/new-key-pair.ts'
import { processes } from '../support/processes.ts'
import { rejection } from '../support/rejection.ts'
import { useRoom } from '../support/room.ts'
import { until } from '../support/until.ts'

const { room, access } = useRoom()
const sleep = { argv: ['sleep', '600'] as const }

describe('a guest that does not answer', () => {
  it('but takes connections is given up after the time for the handshake', async () => {
    const { id, target } = await room().boot()
    await room().host.setSilent(id, true)
    const began = performance.now()
    const error = await rejection(access({ handshakeTimeoutMs: 300 }).open(target), 'ERR_UNAVAILABLE')
    expect(error.retryable).toBe(true)
    expect(performance.now() - began).toBeLessThan(10_000)
    await room().host.setSilent(id, false)
    await using guest = await access().open(target)
    expect(await guest.bootId()).not.toBe('')
  })

  it('is left at once by an abort, and nothing stays open', async () => {
    const { id, target } = await room().boot()
    await room().host.setSilent(id, true)
    const stop = new AbortController()
    const reason = new Error('stop')
    const opening = access().open(target, { signal: stop.signal })
    setTimeout(() => stop.abort(reason), 50)
    await expect(opening).rejects.toBe(reason)
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0)
  })

  it('because nobody listens, or its name is unknown, is ERR_UNAVAILABLE', async () => {
    const [hostKeys] = [(await room().boot()).target.hostKeys]
    const targets = [{ address: room().freshAddress() }, { address: 'no-such-name.invalid' }]
    for (const target of targets) {
      expect((await rejection(access().open({ ...target, hostKeys }), 'ERR_UNAVAILABLE')).retryable).toBe(true)
    }
  })

  it('because something else than sshd answers, is ERR_UNAVAILABLE', async () => {
    const server = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const { hostKeys } = (await room().boot()).target
    await rejection(access().open({ address: '127.0.0.1', port, hostKeys }), 'ERR_UNAVAILABLE')
    server.close()
  })

  it('any more, without a word, is noticed by the questions whether it lives', async () => {
    const { target } = await room().boot()
    const proxy = await freezingProxy(target.address)
    const through = { address: '127.0.0.1', port: proxy.port, hostKeys: target.hostKeys }
    const guest = await access({ keepAliveMs: 100 }).open(through)
    const running = guest.exec({ argv: ['sleep', '600'] })
    proxy.freeze()
    expect((await rejection(running, 'ERR_UNAVAILABLE')).retryable).toBe(true)
    await rejection(guest.exec({ argv: ['true'] }), 'ERR_UNAVAILABLE')
    await guest.close()
    proxy.close()
  })
})

describe('a guest that dies', () => {
  it('in the middle of commands makes all of them reject, and the process lives on', async () => {
    const { id, target } = await room().boot()
    const guest = await access().open(target)
    const running = Array.from({ length: 12 }, () => rejection(guest.exec(sleep), 'ERR_UNAVAILABLE'))
    await guest.exec({ argv: ['true'] }, { signal: AbortSignal.timeout(200) }).catch(() => {})
    await room().host.powerOff(id)
    for (const error of await Promise.all(running)) expect(error.retryable).toBe(true)
    await rejection(guest.bootId(), 'ERR_UNAVAILABLE')
    await guest.close()
  })
})

describe('a connection that ends', () => {
  it('is ERR_UNAVAILABLE, retryable, for a call at every moment between its end and the word of it', async () => {
    const { target } = await room().boot()
    const proxy = await freezingProxy(target.address)
    for (let turns = 0; turns < 8; turns += 1) {
      const guest = await access().open({ address: '127.0.0.1', port: proxy.port, hostKeys: target.hostKeys })
      await guest.bootId()
      proxy.hangUp()
      for (let turn = 0; turn < turns; turn += 1) await nextTurn()
      expect((await rejection(guest.bootId(), 'ERR_UNAVAILABLE')).retryable).toBe(true)
      await guest.close()
    }
    proxy.close()
  })
})

describe('a guest without room for a process', () => {
  it('is ERR_UNAVAILABLE, retryable, and the connection is of use when it has room again', async () => {
    const sshd = await busyServer()
    await using guest = await access().open(sshd.target)
    const error = await rejection(guest.bootId(), 'ERR_UNAVAILABLE')
    expect(error).toMatchObject({ retryable: true, message: expect.stringContaining('starts no command') })
    sshd.hasRoom = true
    expect(await guest.bootId()).toBe('boot-1')
    sshd.close()
  })
})

describe('many commands on one connection', () => {
  it('wait for each other where the guest permits few sessions', async () => {
    for (const sessions of [1, 2, 3]) {
      const { target } = await room().boot({ sshd: [`MaxSessions ${sessions}`] })
      await using guest = await access().open(target)
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => guest.exec({ argv: ['sh', '-c', `sleep 0.02; echo ${index}`] })),
      )
      expect(results.map(({ stdout }) => Number(stdout.toString()))).toEqual(results.map((_, index) => index))
    }
  })

  it('that wait are left at once by an abort, and the others go on', async () => {
    const { target } = await room().boot()
    await using guest = await access({ maxChannels: 1 }).open(target)
    const stop = new AbortController()
    const first = guest.exec({ argv: ['sleep', '0.3'] })
    const waiting = guest.exec({ argv: ['true'] }, { signal: stop.signal })
    const last = guest.exec({ argv: ['true'] })
    stop.abort(new Error('stop'))
    await expect(waiting).rejects.toThrow('stop')
    expect([(await first).exitCode, (await last).exitCode]).toEqual([0, 0])
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0)
  })

  it('that are aborted are ended in the guest, and so is what they started', async () => {
    const { id, target } = await room().boot()
    await using guest = await access().open(target)
    for (let round = 0; round < 20; round += 1) {
      const stop = new AbortController()
      const running = guest.exec({ argv: ['sh', '-c', 'sleep 601 & sleep 601'] }, { signal: stop.signal })
      await guest.exec({ argv: ['true'] })
      stop.abort(new Error('stop'))
      await expect(running).rejects.toThrow('stop')
    }
    const sleepers = (): Promise<string> => processes(room().host, id, 'sleep 601')
    await until(sleepers, (seen) => seen === '')
  })

  it('that are aborted all at once are all ended', async () => {
    const { id, target } = await room().boot()
    await using guest = await access().open(target)
    const stop = new AbortController()
    const { signal } = stop
    const running = Array.from({ length: 8 }, () => guest.exec({ argv: ['sleep', '613'] }, { signal }).catch(() => {}))
    const sleepers = async (): Promise<number> =>
      (await processes(room().host, id, 'sleep 613')).split('\n').filter(Boolean).length
    await until(sleepers, (count) => count === 8)
    stop.abort(new Error('stop'))
    await Promise.all(running)
    await until(sleepers, (count) => count === 0)
  })

  it('may have a limit that is longer than a timer can be', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    expect((await guest.exec({ argv: ['sleep', '0.3'], timeoutMs: 2 ** 32 })).exitCode).toBe(0)
    expect(() => access({ connectTimeoutMs: 2 ** 32 })).toThrow(TypeError)
  })

  it('reject with ERR_CLOSED when the guest is closed', async () => {
    const { target } = await room().boot()
    const guest = await access().open(target)
    const running = rejection(guest.exec(sleep), 'ERR_CLOSED')
    await guest.bootId()
    await guest.close()
    await running
  })
})

/** A server that lets everybody in, and answers to commands when it has room. */
async function busyServer() {
  const { private: hostKey, public: publicKey } = newKeyPair()
  const state = { hasRoom: false }
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => {})
    client.on('authentication', (attempt) => attempt.accept())
    client.on('session', (acceptSession) => {
      acceptSession().on('exec', (accept, reject) => {
        if (!state.hasRoom) return reject()
        const channel = accept()
        channel.write('boot-1\n')
        channel.exit(0)
        channel.end()
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(state, {
    target: { address: '127.0.0.1', port, hostKeys: [publicKey] },
    close: () => void server.close(),
  })
}

/** Passes bytes on until it is told to stop, and then keeps silent with the connections open. */
async function freezingProxy(address: string) {
  const sockets: net.Socket[] = []
  const server = net.createServer((near) => {
    const far = net.connect(22, address)
    for (const socket of [near, far]) socket.on('error', () => {})
    sockets.push(near, far)
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    freeze() {
      for (const socket of sockets) socket.unpipe().pause()
    },
    /** Says to both sides that nothing more comes. */
    hangUp() {
      for (const socket of sockets) socket.end()
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
