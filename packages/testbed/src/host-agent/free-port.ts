import { once } from 'node:events'
import { createServer } from 'node:net'

/** The first of these ports that nobody listens on at this address, nor at all addresses of the machine. */
export async function firstFreePort(address: string, ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    const server = createServer()
    try {
      server.listen(port, address)
      await once(server, 'listening')
      server.close()
      await once(server, 'close')
      return port
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    }
  }
  throw new Error(`Something listens on all of these ports of ${address}: ${ports.join(', ')}. End one of them.`)
}
