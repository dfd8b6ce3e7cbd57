import { connect, type Socket } from 'node:net'
import { VmunitError } from '../../errors/vmunit-error.ts'
import { formatMessage, readMessages, unpackError, worldMessage, writeMessage } from './wire.ts'

/** One connection to a world process. */
export interface WorldConnection {
  readonly open: boolean
  /**
   * Sends a message under a new id; its answer rejects with `ERR_UNAVAILABLE` when the connection is lost. What
   * `permit` throws, as the last thing before, keeps it from being sent.
   */
  ask(message: object, permit?: () => void): { readonly id: number; readonly answer: Promise<unknown> }
  /** Sends a message that has no answer. */
  tell(message: object): void
  /** Forgets a question whose answer nobody wants any more. */
  forget(id: number): void
  close(): void
}

/** Connects; `ERR_UNAVAILABLE` when nobody listens at the socket. */
export async function openConnection(path: string): Promise<WorldConnection> {
  const socket = connect(path)
  const { promise: connected, resolve, reject } = Promise.withResolvers<void>()
  socket.once('connect', resolve)
  socket.once('error', (cause) => reject(lost(path, cause)))
  await connected
  return attach(socket, path)
}

function attach(socket: Socket, path: string): WorldConnection {
  const pending = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  let open = true
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    open = false
    for (const { reject } of pending.values()) reject(lost(path))
    pending.clear()
  })
  readMessages(socket, (incoming) => {
    const { id, value, error } = worldMessage.parse(incoming)
    const asked = pending.get(id)
    pending.delete(id)
    if (error === undefined) asked?.resolve(value)
    else asked?.reject(unpackError(error))
  })
  return {
    get open() {
      return open
    },
    ask(message, permit) {
      lastId += 1
      const id = lastId
      const text = formatMessage({ id, ...message })
      const asked = Promise.withResolvers<unknown>()
      permit?.()
      socket.write(text)
      pending.set(id, asked)
      return { id, answer: asked.promise }
    },
    tell: (message) => writeMessage(socket, message),
    forget: (id) => void pending.delete(id),
    close: () => void socket.end(),
  }
}

function lost(path: string, cause?: unknown): VmunitError {
  const message = `The world at ${path} does not answer: start it, then repeat the call.`
  return new VmunitError('ERR_UNAVAILABLE', message, { retryable: true, cause })
}
