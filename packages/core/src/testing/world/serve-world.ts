import type { Server, Socket } from 'node:net'
import { VmunitError } from '../../errors/vmunit-error.ts'
import type { Backend } from './ask.ts'
import type { WorldMethod } from './calls.ts'
import { TRAITS } from './traits.ts'
import { type CallMessage, type ControlMessage, clientMessage, packError, readMessages, writeMessage } from './wire.ts'

/** Answers for a world to whoever connects to a server; `onStop` is called when a client ends the world. */
export function serveWorld(server: Server, backend: Backend, onStop: () => void): void {
  async function control(socket: Socket, { id, control }: ControlMessage): Promise<void> {
    const answer = { id, value: { pid: process.pid, limits: backend.limits } }
    if (control !== 'stop') {
      writeMessage(socket, answer)
      return
    }
    // It ends even when its last state cannot be saved; who asked is told.
    try {
      await backend.stop()
      writeMessage(socket, answer)
    } catch (error) {
      writeMessage(socket, { id, error: packError(error) })
    }
    socket.end(onStop)
  }

  server.on('connection', (socket: Socket) => {
    const calls = new Map<number, AbortController>()
    // A client that vanishes takes nothing with it: the world finishes what was begun.
    socket.on('error', () => socket.destroy())
    readMessages(socket, (incoming) => {
      const message = clientMessage.parse(incoming)
      if ('abort' in message) {
        calls.get(message.abort)?.abort()
        return
      }
      const { id } = message
      const answer = (reply: object): void => {
        if (!socket.destroyed) writeMessage(socket, { id, ...reply })
      }
      if ('control' in message) {
        control(socket, message).catch((error: unknown) => answer({ error: packError(error) }))
        return
      }
      const forgotten = new AbortController()
      calls.set(id, forgotten)
      send(backend, message, forgotten.signal)
        .then(
          (value) => answer({ value }),
          (error: unknown) => {
            if (!forgotten.signal.aborted) answer({ error: packError(error) })
          },
        )
        .finally(() => calls.delete(id))
    })
  })
}

async function send(backend: Backend, message: CallMessage, signal: AbortSignal): Promise<unknown> {
  const { caller, method, args, sentAt } = message
  if (!isMethod(method)) throw new VmunitError('ERR_UNSUPPORTED', `A world has no call ${method}.`)
  return await backend.send({ caller, method, args, sentAt }, { signal })
}

function isMethod(method: string): method is WorldMethod {
  return Object.hasOwn(TRAITS, method)
}
