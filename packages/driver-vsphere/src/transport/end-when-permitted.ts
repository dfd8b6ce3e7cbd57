import type { ClientRequest } from 'node:http'
import { TLSSocket } from 'node:tls'

/** Who is asked before a request leaves, and who is told of a refusal. */
export interface Permission {
  readonly permit: () => void
  /** Called with what `permit` threw; the request is to be given up. */
  readonly refuse: (reason: unknown) => void
}

/**
 * Ends a request with its payload once its connection stands, and asks directly before: in a queue, or while a
 * connection is made, the right to send may be lost.
 */
export function endWhenPermitted(request: ClientRequest, payload: Uint8Array, { permit, refuse }: Permission): void {
  function send(): void {
    if (request.destroyed) return
    try {
      permit()
    } catch (reason) {
      refuse(reason)
      return
    }
    request.end(payload)
  }
  request.once('socket', (socket) => {
    if (!socket.connecting) send()
    else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', send)
  })
}
