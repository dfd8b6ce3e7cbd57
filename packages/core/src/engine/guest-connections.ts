import { VmunitError } from '../errors/index.ts'
import type { Guest, GuestAccess, GuestAddress, GuestTarget, HypervisorDriver } from '../ports/index.ts'
import type { Guard } from './guard/guard.ts'
import { guardGuest } from './guard/guard-guest.ts'

export interface GuestConnections {
  /** One connection per machine and address, opened when it is first needed and kept until it breaks. */
  open(address: GuestAddress): Promise<Guest>
  close(): Promise<void>
}

interface Connection {
  readonly guest: Guest
  readonly close: () => Promise<void>
}

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
    async open(address) {
      const key = `${address.machine ?? ''}@${address.address}:${address.port ?? ''}`
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
    async close() {
      const opened = await Promise.allSettled(connections.values())
      connections.clear()
      const open = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      await Promise.allSettled(open.map((connection) => connection.close()))
    },
  }
}
