import { connect, type Socket } from 'node:net'

/** A connection that ends with its signal. Disposing it closes it. */
export interface AbortableSocket extends AsyncDisposable {
  readonly socket: Socket
  /** Rejects with the reason of the signal; never resolves. */
  readonly aborted: Promise<never>
}

/** Opens a connection. Rejects when it is refused, or with the reason of the signal. */
export async function openSocket(
  address: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<AbortableSocket> {
  const socket = connect(address)
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => {})
  // Whoever uses the socket listens too; an error after that must not end the process.
  socket.on('error', () => {})
  const onAbort = (): void => {
    socket.destroy()
    aborted.reject(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  const close = (): void => {
    signal.removeEventListener('abort', onAbort)
    socket.destroy()
  }
  try {
    if (signal.aborted) onAbort()
    await Promise.race([opened(socket), aborted.promise])
  } catch (error) {
    close()
    throw error
  }
  return { socket, aborted: aborted.promise, [Symbol.asyncDispose]: async () => close() }
}

async function opened(socket: Socket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
}
