import { VmunitError } from '../errors/index.ts'
import type { Guest, GuestAccess, GuestAddress, GuestTarget, HypervisorDriver } from '../ports/index.ts'
import type { Guard } from './guard/guard.ts'
import { guardGuest } from './guard/guard-guest.ts'

export interface GuestConnections {
  /** One connection per machine and address, opened when a group first needs it and kept until it breaks. */
  open(address: GuestAddress, group: string): Promise<Guest>
  /** Nothing of a group is in work now: of the connections that rest so, only the last ones are kept. */
  rest(group: string): void
  close(): Promise<void>
}

interface Connection {
  readonly guest: Guest
  readonly close: () => Promise<void>
}

/** Those of a group that comes back soon are not opened again; the thousands of a large fleet are not kept. */
const MAX_RESTING = 64

export interface GuestConnectionsOptions {
  readonly access: GuestAccess
  readonly guard: Guard
  readonly hypervisor: (name: string) => HypervisorDriver
  readonly signal: AbortSignal
}

/** Keeps the connections of one run; host keys come from the hypervisor, never from the guest. */
export function createGuestConnections(options: GuestConnectionsOptions): GuestConnections {
  const { access, guard, hypervisor, signal } = options
  const connections = new Map<string, Promise<Connection>>()
  /** Which ones a group in work has opened. */
  const keysOf = new Map<string, Set<string>>()
  /** The keys of those that no group in work uses, in the order in which they came to rest. */
  const resting = new Set<string>()

  /** Nobody waits for the end of one connection; the run ends when all have ended. */
  const ending = new Set<Promise<void>>()

  function end(key: string): void {
    const connection = connections.get(key)
    connections.delete(key)
    const ended = closed(connection).finally(() => ending.delete(ended))
    ending.add(ended)
  }

  async function hostKeysOf(address: GuestAddress): Promise<Pick<GuestTarget, 'hostKeys' | 'refusedHostKeys'>> {
    if (address.machine === undefined) return { hostKeys: [] }
    const inventory = await hypervisor(address.hypervisor).inventory({ ids: [address.machine] }, { signal })
    const machine = inventory.machines[0]
    if (machine === undefined) {
      throw new VmunitError('ERR_UNAVAILABLE', `The hypervisor does not list machine ${address.machine} now.`, {
        retryable: true,
        details: { machine: address.machine, blind: inventory.blind },
      })
    }
    return { hostKeys: machine.hostKeys ?? [], refusedHostKeys: machine.imageHostKeys }
  }

  async function connect(address: GuestAddress, onUnavailable: () => void): Promise<Connection> {
    const target = { address: address.address, port: address.port, ...(await hostKeysOf(address)) }
    const guest = await guard.look('guest.open', () => access.open(target, { signal }))
    const close = (): Promise<void> => guest.close()
    const guarded = guardGuest(guest, guard, () => {
      onUnavailable()
      close().catch(() => {})
    })
    return { guest: guarded, close }
  }

  return {
    async open(address, group) {
      const key = `${address.machine ?? ''}@${address.address}:${address.port ?? ''}`
      resting.delete(key)
      keysOf.set(group, (keysOf.get(group) ?? new Set()).add(key))
      const existing = connections.get(key)
      if (existing !== undefined) return (await existing).guest
      // By identity: a second failure of an old connection must not take a new one out.
      const forget = (): void => {
        if (connections.get(key) === opening) connections.delete(key)
      }
      const opening = connect(address, forget)
      connections.set(key, opening)
      try {
        return (await opening).guest
      } catch (error) {
        forget()
        throw error
      }
    },
    rest(group) {
      const keys = keysOf.get(group) ?? []
      keysOf.delete(group)
      const inWork = [...keysOf.values()]
      for (const key of keys) {
        if (connections.has(key) && !inWork.some((others) => others.has(key))) resting.add(key)
      }
      for (const key of resting) {
        if (resting.size <= MAX_RESTING) break
        resting.delete(key)
        end(key)
      }
    },
    async close() {
      for (const key of [...connections.keys()]) end(key)
      await Promise.all(ending)
    },
  }
}

/** Closes a connection that may still be opening; one that cannot be closed is as good as closed. */
async function closed(connection: Promise<Connection> | undefined): Promise<void> {
  try {
    await (await connection)?.close()
  } catch {
    // It was never open, or is broken.
  }
}
