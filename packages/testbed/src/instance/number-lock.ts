import { once } from 'node:events'
import { createServer } from 'node:net'

/** A number that belongs to this process until it is released. */
export interface NumberLock {
  release(): Promise<void>
}

/**
 * Takes a number for this process, on this machine; undefined when another process has it.
 *
 * The lock is a name of a local socket outside of the file system: it exists in the same network namespace as the
 * addresses that it stands for, and the kernel gives it back at the end of its process.
 */
export async function lockNumber(number: number): Promise<NumberLock | undefined> {
  const server = createServer((socket) => socket.destroy())
  try {
    server.listen({ path: `\0vmunit-testbed-${number}` })
    await once(server, 'listening')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined
    throw error
  }
  server.unref()
  return {
    async release() {
      server.close()
      await once(server, 'close')
    },
  }
}
