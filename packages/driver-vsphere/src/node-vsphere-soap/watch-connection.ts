import { VmunitError } from '../errors.ts'
import type { NodeVsphereSoapClient } from './client.ts'

/** Knows when a client is connected. */
export interface Connection {
  /** Resolves when the client is connected, now or after it has finished connecting. */
  ready(): Promise<void>
  /** Takes the listeners off the client. */
  stop(): void
}

/**
 * Watches a client with listeners that stay: an `error` event that nobody listens to would end the process, and one
 * listener for each waiting request would be many.
 */
export function watchConnection(client: NodeVsphereSoapClient): Connection {
  let connecting: PromiseWithResolvers<void> | undefined
  const onReady = (): void => {
    connecting?.resolve()
    connecting = undefined
  }
  const onError = (problem: unknown): void => {
    connecting?.reject(notConnected(client, problem))
    connecting = undefined
  }
  client.on('ready', onReady)
  client.on('error', onError)
  return {
    ready: async () => {
      if (client.status === 'ready') return
      if (client.status !== 'connecting') throw notConnected(client, undefined)
      connecting ??= Promise.withResolvers()
      await connecting.promise
    },
    stop: () => {
      client.removeListener('ready', onReady)
      client.removeListener('error', onError)
    },
  }
}

function notConnected(client: NodeVsphereSoapClient, problem: unknown): VmunitError {
  const { host, user } = client.connectionInfo
  if (typeof problem === 'string' && problem.includes('InvalidLogin'))
    return new VmunitError(
      'ERR_UNAUTHENTICATED',
      `vCenter ${host} refuses the user ${user} of the node-vsphere-soap client.`,
    )
  return new VmunitError(
    'ERR_UNAVAILABLE',
    `The node-vsphere-soap client for ${host} is not connected: it was closed, or could not log in. Make a new client, and a new transport over it.`,
    { cause: problem },
  )
}
