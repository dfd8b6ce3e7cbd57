import type { GuestAccess } from '@vmunit/core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { createSshAccess, type SshAccessOptions } from '../../src/index.ts'
import { type GuestRoom, openGuestRoom } from './guest-room.ts'

/** The guests of a test file, and accesses that end with each test. */
export interface Room {
  readonly room: () => GuestRoom
  /** As `root` with the key of the room, unless told otherwise. */
  readonly access: (options?: Partial<SshAccessOptions>) => GuestAccess
}

export function useRoom(): Room {
  let room: GuestRoom | undefined
  const accesses: GuestAccess[] = []

  function opened(): GuestRoom {
    if (room === undefined) throw new Error('the room is opened before the first test')
    return room
  }

  beforeAll(async () => {
    room = await openGuestRoom()
  })
  afterEach(async () => {
    await Promise.all(accesses.splice(0).map((access) => access.close()))
  })
  afterAll(async () => {
    await room?.[Symbol.asyncDispose]()
  })

  return {
    room: opened,
    access(options = {}) {
      const access = createSshAccess({ username: 'root', privateKey: opened().privateKey, ...options })
      accesses.push(access)
      return access
    },
  }
}
