import type { GuestAccess } from '@vmunit/core'
import { type GuestLab, posixCommands, testGuestAccess } from '@vmunit/core/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { createSshAccess } from '../../src/index.ts'
import { type GuestRoom, openGuestRoom } from '../support/guest-room.ts'

let room: GuestRoom

beforeAll(async () => {
  room = await openGuestRoom()
})

afterAll(async () => {
  await room[Symbol.asyncDispose]()
})

/** Two real guests with a real sshd each, which is all that the rules disturb. */
async function openLab(): Promise<GuestLab> {
  const { host, privateKey } = room
  const accesses: GuestAccess[] = []
  const open = (): GuestAccess => {
    const access = createSshAccess({ username: 'root', privateKey })
    accesses.push(access)
    return access
  }
  const [first, second] = await Promise.all([room.boot(), room.boot()])
  return {
    slowMs: 10_000,
    access: open(),
    reopen: async () => open(),
    target: first.target,
    secondTarget: second.target,
    scratch: '/srv/contract',
    commands: posixCommands,
    reboot: async () => await host.reboot(first.id),
    unplug: async () => await host.unplug(first.id),
    replug: async () => await host.replug(first.id),
    async close() {
      await Promise.all(accesses.map((access) => access.close()))
      await Promise.all([host.remove(first.id), host.remove(second.id)])
    },
  }
}

testGuestAccess({ runner: { describe, it }, create: openLab })
