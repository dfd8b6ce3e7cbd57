import type { GuestSettings } from '../guests/guest-settings.ts'
import type { AdminMachine } from '../vcenter/vcenter-admin.ts'

/** What of a guest is the same for all machines of a testbed. */
export type CommonSettings = Pick<
  GuestSettings,
  'authorizedKeys' | 'port' | 'applicationPort' | 'sshd' | 'hostKeyTypes'
>

/** What the guest of a machine is to be; undefined while the machine has no address that a guest could listen on. */
export function desiredGuest(machine: AdminMachine, common: CommonSettings): GuestSettings | undefined {
  const [first, ...rest] = addressesOf(machine).filter((address) => address.startsWith('127.'))
  if (first === undefined) return undefined
  const hostname = machine.hostname ?? machine.extraConfig['guestinfo.vmunit.hostname'] ?? machine.name
  return { ...common, hostname, addresses: [first, ...rest], identity: machine.instanceUuid }
}

/** Those that vCenter knows, by customization or by hand; else those that were left for the guest to find. */
function addressesOf(machine: AdminMachine): readonly string[] {
  if (machine.addresses.length > 0) return machine.addresses
  const left = machine.extraConfig['guestinfo.vmunit.addresses'] ?? ''
  return left.split(',').map((address) => address.trim())
}
