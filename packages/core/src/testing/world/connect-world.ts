import { orAbort } from '../../internal/abort.ts'
import { systemClock } from '../../internal/system-clock.ts'
import type { Call } from '../../ports/call.ts'
import type { Backend } from './ask.ts'
import { openWorld } from './open-world.ts'
import { worldDescription } from './wire.ts'
import type { World } from './world.ts'
import { openConnection, type WorldConnection } from './world-connection.ts'

/** Options of {@link connectWorld}. */
export interface ConnectWorldOptions extends Pick<Call, 'signal'> {
  /** How calls over this connection are named in the world's log. Default `manager`. */
  readonly caller?: string | undefined
}

/**
 * Connects to a world process.
 *
 * When the connection is lost, calls in flight reject with `ERR_UNAVAILABLE` and the next call connects anew.
 * `close` ends the connection, `stop` the world.
 */
export async function connectWorld(socket: string, options: ConnectWorldOptions = {}): Promise<World> {
  const { caller = 'manager', signal } = options
  return openWorld(await orAbort(connectBackend(socket), signal), caller)
}

/** Asks the process behind a socket for its id. */
export async function pidOfWorld(socket: string): Promise<number> {
  const connection = await openConnection(socket)
  try {
    return worldDescription.parse(await connection.ask({ control: 'describe' }).answer).pid
  } finally {
    connection.close()
  }
}

async function connectBackend(path: string): Promise<Backend> {
  let current: Promise<WorldConnection> | undefined = openConnection(path)
  let latest = await current
  const { limits } = worldDescription.parse(await latest.ask({ control: 'describe' }).answer)

  async function connected(): Promise<WorldConnection> {
    const known = await current?.catch(() => undefined)
    if (known?.open) return known
    current = openConnection(path)
    latest = await current
    return latest
  }

  return {
    limits,
    async send(request, call) {
      const { signal } = call ?? {}
      signal?.throwIfAborted()
      // Nothing lies between a caller's last thoughts and the sending when the connection stands.
      const connection = latest.open ? latest : await orAbort(connected(), signal)
      const { id, answer } = connection.ask({ ...request, sentAt: systemClock.now() }, call?.permit)
      try {
        return await orAbort(answer, signal)
      } catch (error) {
        if (signal?.aborted && connection.open) {
          connection.forget(id)
          connection.tell({ abort: id })
        }
        throw error
      }
    },
    async close() {
      const connection = await current?.catch(() => undefined)
      connection?.close()
    },
    async stop() {
      await (await connected()).ask({ control: 'stop' }).answer
    },
  }
}
