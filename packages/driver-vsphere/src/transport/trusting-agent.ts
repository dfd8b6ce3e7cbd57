import { Agent, type AgentOptions } from 'node:https'
import { isIP } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { checkServer, type ServerTrust } from './server-trust.ts'

// Long enough for a far server, short enough that a silent one is noticed before a request's own limit.
const CONNECT_MS = 30_000

/** An agent that hands out a connection only after the server has proved itself, so that no password goes to a stranger. */
export function trustingAgent(trust: ServerTrust, server: string, options: AgentOptions): Agent {
  const agent = new Agent(options)
  const connecting = new Set<TLSSocket>()
  agent.createConnection = (target, handOut) => {
    const host = target.host ?? 'localhost'
    const socket = connect({
      host,
      port: Number(target.port),
      servername: isIP(host) === 0 ? host : '',
      ...caOf(trust),
      // Not a gap: checkServer decides, so that its error can name the certificate.
      rejectUnauthorized: false,
    })
    // As Node's own agent does: what does not fill a packet must not wait until the one before is acknowledged.
    socket.setNoDelay()
    connecting.add(socket)
    const silence = setTimeout(() => void socket.destroy(silent()), CONNECT_MS)
    const settle = (error: Error | null): void => {
      clearTimeout(silence)
      connecting.delete(socket)
      handOut?.(error, socket)
    }
    socket.once('error', settle)
    socket.once('secureConnect', () => {
      try {
        checkServer(socket, trust, server)
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined)
        return
      }
      socket.off('error', settle)
      settle(null)
    })
    return undefined
  }
  const destroy = agent.destroy.bind(agent)
  agent.destroy = () => {
    for (const socket of connecting) socket.destroy(new Error('the connection was closed'))
    destroy()
  }
  return agent
}

function silent(): Error {
  return Object.assign(new Error('it did not answer in time'), { code: 'ETIMEDOUT' })
}

function caOf(trust: ServerTrust): ConnectionOptions {
  if (trust.by !== 'authority' || trust.ca === undefined) return {}
  const { ca } = trust
  const all = typeof ca === 'string' || ca instanceof Uint8Array ? [ca] : ca
  return { ca: all.map((one) => (typeof one === 'string' ? one : Buffer.from(one))) }
}
