import type { Socket } from 'node:net'

/**
 * Lets everything that is written in one turn leave together. ssh2 writes each packet in three pieces, and without
 * this each piece is a system call, a segment, and a process on the other side that is woken up.
 */
export function gatherWrites(socket: Socket): void {
  const write = socket.write.bind(socket)
  let isGathering = false

  function gather(): void {
    if (isGathering) return
    isGathering = true
    socket.cork()
    process.nextTick(() => {
      isGathering = false
      socket.uncork()
    })
  }

  socket.write = ((...piece: Parameters<Socket['write']>) => {
    gather()
    return write(...piece)
  }) as Socket['write']
}
