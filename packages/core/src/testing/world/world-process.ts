import { readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pidOfWorld } from './connect-world.ts'
import { createBackend } from './create-world.ts'
import { worldSettings } from './options.ts'
import { serveWorld } from './serve-world.ts'

// The program of a world process: its one argument is the directory of the world.
const [directory = '.'] = process.argv.slice(2)
const socket = join(directory, 'world.sock')
const server = createServer()

function exit(): void {
  server.close()
  process.exit(0)
}

function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && `${found.ino} ${found.ctimeMs}`
}

// Who has the socket has the files, so nothing is read before.
server.on('listening', () => {
  const settings = worldSettings.parse(JSON.parse(readFileSync(join(directory, 'world.json'), 'utf8')))
  const backend = createBackend({ ...settings, file: join(directory, 'world.jsonl') })
  serveWorld(server, backend, exit)
  process.on('SIGTERM', () => void backend.stop().then(exit, exit))
  process.send?.('listening')
  if (process.connected) process.disconnect()
})

server.on('error', (error) => {
  if (!('code' in error) || error.code !== 'EADDRINUSE') throw error
  // Either another world is faster, or a killed one left its socket behind; the latter may be in other hands by now.
  const found = identityOf(socket)
  pidOfWorld(socket).then(
    () => process.exit(0),
    () => {
      if (identityOf(socket) === found) rmSync(socket, { force: true })
      server.listen(socket)
    },
  )
})

server.listen(socket)
