import { join } from 'node:path'
import type { GuestTarget } from '@vmunit/core'
import {
  buildBaseRoot,
  claimInstance,
  createGuestHost,
  defaultStateDirectory,
  type GuestHost,
  type GuestSettings,
  type Instance,
} from '@vmunit/testbed'
import { newKeyPair } from './new-key-pair.ts'

/** A guest that runs. */
export interface RoomGuest {
  readonly id: string
  readonly target: GuestTarget
}

/** Real guests for the tests of one file, and a key that all of them accept for `root` and `deploy`. */
export interface GuestRoom extends AsyncDisposable {
  readonly host: GuestHost
  readonly privateKey: string
  readonly publicKey: string
  /** A loopback address that no guest has. */
  freshAddress(): string
  boot(settings?: Partial<GuestSettings>): Promise<RoomGuest>
}

export async function openGuestRoom(): Promise<GuestRoom> {
  const baseRoot = await buildBaseRoot(join(defaultStateDirectory, 'base-root'))
  const instance: Instance = await claimInstance(defaultStateDirectory)
  const host = await createGuestHost({ directory: instance.guests, baseRoot })
  const { private: privateKey, public: publicKey } = newKeyPair()
  let count = 0

  function freshAddress(): string {
    count += 1
    return instance.address('management', Math.floor(count / 250), (count % 250) + 1)
  }

  return {
    host,
    privateKey,
    publicKey,
    freshAddress,
    async boot(settings = {}) {
      const address = freshAddress()
      const id = `guest-${count}`
      await host.start(id, {
        hostname: id,
        addresses: [address],
        identity: id,
        authorizedKeys: { root: [publicKey], deploy: [publicKey] },
        ...settings,
      })
      return { id, target: { address, port: settings.port, hostKeys: await host.hostKeys(id) } }
    },
    async [Symbol.asyncDispose]() {
      await host.close()
      await instance.release()
    },
  }
}
