import type { AdminMachine, VcenterAdmin } from '../vcenter/vcenter-admin.ts'

/** Options of {@link createLeases}. */
export interface LeaseOptions {
  readonly hands: Pick<VcenterAdmin, 'setAddresses'>
  /** Tells the n-th address that may be leased, `n` from 1 on; undefined when there are no more. */
  readonly addressOf: (n: number) => string | undefined
}

/** Gives an address to machines that are on and were given none, as a DHCP server does. */
export interface Leases {
  /** Tells of the machines as they are now; those that have gone give their address back. */
  follow(machines: readonly AdminMachine[]): Promise<void>
}

/** Opens a range of addresses for machines that come without one. */
export function createLeases({ hands, addressOf }: LeaseOptions): Leases {
  const leased = new Map<string, string>()

  function nextAddress(): string {
    const used = new Set(leased.values())
    for (let n = 1; ; n += 1) {
      const address = addressOf(n)
      if (address === undefined) throw new Error('All addresses for machines that were given none are in use.')
      if (!used.has(address)) return address
    }
  }

  return {
    async follow(machines) {
      const present = new Set(machines.map(({ id }) => id))
      for (const id of leased.keys()) if (!present.has(id)) leased.delete(id)
      for (const machine of machines) {
        if (machine.power !== 'on' || hasAddress(machine)) continue
        const address = leased.get(machine.id) ?? nextAddress()
        leased.set(machine.id, address)
        await hands.setAddresses(machine.id, [address])
      }
    },
  }
}

function hasAddress({ addresses, extraConfig }: AdminMachine): boolean {
  return addresses.length > 0 || (extraConfig['guestinfo.vmunit.addresses'] ?? '') !== ''
}
