import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIPv6, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import type { Notifier } from '@vmunit/core'
import { unreachable } from '../unreachable.ts'
import { within } from '../within.ts'
import { formatSyslog, type SyslogSender } from './format-syslog.ts'

export interface SyslogNotifierOptions extends Partial<SyslogSender> {
  readonly host: string
  /** Default 6514 with `tls`, else 514. */
  readonly port?: number | undefined
  /** Default `tls`. With `udp` nobody knows whether a message arrived. */
  readonly transport?: 'tls' | 'tcp' | 'udp' | undefined
  /** Certificates in PEM that the server's must descend from; default: those that Node trusts. */
  readonly ca?: string | undefined
  /** How long one message may take. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** A datagram is cut to this. Default 2,048. */
  readonly maxDatagramBytes?: number | undefined
}

/**
 * Brings notices to a syslog collector, as RFC 5424 over TLS (RFC 5425), TCP (RFC 6587, counted octets) or UDP.
 *
 * Each message has a connection of its own and waits until the collector has closed it, so that one which is restarted
 * in between loses nothing, and there is nothing to close.
 */
export function createSyslogNotifier(options: SyslogNotifierOptions): Notifier {
  const { host, transport = 'tls', timeoutMs = 10_000, maxDatagramBytes = 2_048 } = options
  const port = options.port ?? (transport === 'tls' ? 6514 : 514)
  const sender: SyslogSender = {
    facility: options.facility ?? 16,
    hostname: options.hostname ?? hostname(),
    appName: options.appName ?? 'vmunit',
    processId: options.processId ?? String(process.pid),
    enterprise: options.enterprise ?? EXAMPLE_ENTERPRISE,
  }
  return {
    async notify(notice, call = {}) {
      call.signal?.throwIfAborted()
      const message = formatSyslog(notice, sender)
      const signal = within(timeoutMs, call.signal)
      try {
        if (transport === 'udp') await sendDatagram({ host, port }, cut(message, maxDatagramBytes), signal)
        else await sendStream(open(transport, { host, port, ca: options.ca }), message, signal)
      } catch (error) {
        call.signal?.throwIfAborted()
        throw unreachable(`The syslog collector ${host}:${port}`, error)
      }
    },
  }
}

/** The number that is reserved for examples, for those who have none of their own. */
const EXAMPLE_ENTERPRISE = 32_473

/** Cuts between characters, not inside one. */
function cut(message: Buffer, bytes: number): Buffer {
  if (message.length <= bytes) return message
  let end = bytes
  while (end > 0 && ((message[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return message.subarray(0, end)
}

interface Address {
  readonly host: string
  readonly port: number
}

async function sendDatagram({ host, port }: Address, message: Buffer, signal: AbortSignal): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  // What fails before it is sent, such as a socket for which there is no room, is told to listeners only.
  socket.on('error', reject)
  socket.send(message, port, host, (error) => {
    if (error === null) resolve()
    else reject(error)
  })
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    socket.close()
  }
}

function open(transport: 'tls' | 'tcp', { host, port, ca }: Address & { readonly ca: string | undefined }): Socket {
  if (transport === 'tcp') return connect({ host, port })
  return connectTls({ host, port, servername: host, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) })
}

/** Sends it with its length in front, and waits until the other side has closed its end too. */
async function sendStream(socket: Socket, message: Buffer, signal: AbortSignal): Promise<void> {
  try {
    const closed = once(socket, 'close', { signal })
    closed.catch(() => {})
    const ready = 'encrypted' in socket ? 'secureConnect' : 'connect'
    await Promise.race([once(socket, ready, { signal }), closed.then(() => Promise.reject(new Error('it hung up')))])
    socket.end(Buffer.concat([Buffer.from(`${message.length} `), message]))
    socket.resume()
    await closed
  } finally {
    socket.destroy()
  }
}
