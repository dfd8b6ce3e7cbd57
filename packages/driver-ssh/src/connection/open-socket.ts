import net from 'node:net'
import { VmunitError } from '../errors.ts'
import { gatherWrites } from './gather-writes.ts'
import { mapSshError } from './map-error.ts'

/** Where a socket goes, and how long it may take. */
export interface SocketTarget {
  readonly address: string
  readonly port: number
  readonly timeoutMs: number
}

/** Opens a TCP connection. An abort or a timeout leaves no socket behind. */
export async function openSocket(target: SocketTarget, signal: AbortSignal | undefined): Promise<net.Socket> {
  const { address, port, timeoutMs } = target
  signal?.throwIfAborted()
  // Small packets go to and fro; waiting to fill them costs 40 ms each.
  const socket = net.connect({ host: address, port, noDelay: true })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(signal?.reason)
  const onError = (error: Error): void => reject(mapSshError(`${address}:${port}`, error))
  const timer = setTimeout(() => reject(notInTime(target)), timeoutMs)
  signal?.addEventListener('abort', onAbort, { once: true })
  socket.once('connect', resolve)
  socket.on('error', onError)
  try {
    await promise
    gatherWrites(socket)
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function notInTime({ address, port, timeoutMs }: SocketTarget): VmunitError {
  return new VmunitError(
    'ERR_UNAVAILABLE',
    `${address}:${port} did not accept a connection within ${timeoutMs} ms. See whether the guest is up and no firewall is in between.`,
    { retryable: true, details: { server: `${address}:${port}` } },
  )
}
