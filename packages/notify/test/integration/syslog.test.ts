import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createServer as createTlsServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createSyslogNotifier } from '../../src/index.ts'
import { makeCertificate } from '../support/certificate.ts'
import { closed, listen } from '../support/listen.ts'
import { NOTICE } from '../support/notice.ts'

const SENDER = { hostname: 'manager 1', appName: 'vmunit', processId: '42' }

const MESSAGE =
  '<131>1 2026-01-05T10:11:12.000Z manager_1 vmunit 42 fault ' +
  '[vmunit@32473 id="20260105T101112000-stop-1a2b3c4d#7" run="20260105T101112000-stop-1a2b3c4d" server="vmgroup_1/web/0"] ' +
  '\uFEFFvmgroup_1 failed in stop on gyoumu_a Bcc: everybody@example.com: 業務 "stop" ended ] with \\ exit code 3 second line'

/** Collects what each connection brings, and closes it when the sender has. */
function collector() {
  const streams: Promise<Buffer>[] = []
  return {
    streams,
    onConnection: (socket: Socket) => {
      socket.on('error', () => {})
      streams.push(buffer(socket))
    },
  }
}

describe('syslog', () => {
  it('over TCP counts its octets', async () => {
    const { streams, onConnection } = collector()
    const server = createServer(onConnection)
    const port = await listen(server)
    await createSyslogNotifier({ host: '127.0.0.1', port, transport: 'tcp', ...SENDER }).notify(NOTICE)
    const received = (await streams[0])?.toString()
    expect(received).toBe(`${Buffer.byteLength(MESSAGE)} ${MESSAGE}`)
    await closed(server)
  })

  it('over TLS, to a collector whose certificate somebody vouches for', async () => {
    const { key, cert } = await makeCertificate()
    const { streams, onConnection } = collector()
    const server = createTlsServer({ key, cert }, onConnection)
    const port = await listen(server)
    await createSyslogNotifier({ host: 'localhost', port, ca: cert, ...SENDER }).notify(NOTICE)
    expect((await streams[0])?.toString()).toContain(MESSAGE)
    await expect(createSyslogNotifier({ host: 'localhost', port, ...SENDER }).notify(NOTICE)).rejects.toMatchObject({
      code: 'ERR_DRIVER',
      retryable: false,
    })
    expect(streams.length).toBeLessThanOrEqual(2)
    await closed(server)
  })

  it('over UDP is one datagram, cut between characters', async () => {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const { port } = socket.address()
    const first = once(socket, 'message')
    await createSyslogNotifier({ host: '127.0.0.1', port, transport: 'udp', ...SENDER }).notify(NOTICE)
    expect(String((await first)[0])).toBe(MESSAGE)
    const whole = Buffer.from(MESSAGE)
    const inside = whole.indexOf('業') + 1
    const second = once(socket, 'message')
    const short = { host: '127.0.0.1', port, transport: 'udp', maxDatagramBytes: inside, ...SENDER } as const
    await createSyslogNotifier(short).notify(NOTICE)
    expect((await second)[0]).toEqual(whole.subarray(0, inside - 1))
    socket.close()
  })

  it('over UDP may be tried again when there is no room for a socket, and the process lives on', () => {
    const child = fileURLToPath(new URL('./children/datagram-without-room.ts', import.meta.url))
    const command = 'ulimit -n 64; exec "$@"'
    const argv = ['-c', command, 'sh', process.execPath, '--conditions=@vmunit/source', child]
    const { stdout, status } = spawnSync('sh', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    expect([stdout, status]).toEqual(['ERR_UNAVAILABLE', 0])
  })

  it('a collector that is away, or hangs up in between, may be tried again', async () => {
    const server = createServer((socket) => socket.resetAndDestroy())
    const port = await listen(server)
    const syslog = createSyslogNotifier({ host: '127.0.0.1', port, transport: 'tcp' })
    await expect(syslog.notify(NOTICE)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    await closed(server)
    await expect(syslog.notify(NOTICE)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
  })

  it('aborted, it rejects with the reason and hangs up', async () => {
    const connected = Promise.withResolvers<void>()
    // Takes everything and never closes its end.
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {})
      socket.resume()
      socket.on('end', () => connected.resolve())
    })
    const port = await listen(server)
    const stop = new AbortController()
    const sending = createSyslogNotifier({ host: '127.0.0.1', port, transport: 'tcp' }).notify(NOTICE, stop)
    await connected.promise
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(sending).rejects.toBe(reason)
    server.close()
  })
})
