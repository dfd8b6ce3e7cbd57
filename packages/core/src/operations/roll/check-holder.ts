import { VmunitError } from '../../errors/index.ts'
import type { Machine, World } from '../../ports/index.ts'
import type { Member } from './member.ts'

/** A machine of a unit that bears the marker of another manager by now, whatever our records say. */
interface TakenMachine {
  readonly machine: Machine
  readonly holder: string
}

/** The machine of a server when another manager holds it. */
export function takenMachine(world: World, { unit, server }: Member): TakenMachine | undefined {
  const machine = world.machines.get(unit.hypervisor)?.get(server.machine?.id ?? '')
  if (machine === undefined || typeof machine.marker !== 'object') return undefined
  const holder = machine.marker.manager
  return holder === world.manager ? undefined : { machine, holder }
}

/**
 * Refuses servers whose machines another manager holds: the hypervisor would refuse the change too, but only when their
 * groups are out of service already.
 */
export function checkHolder(world: World, members: readonly Member[]): void {
  for (const member of members) {
    const taken = takenMachine(world, member)
    if (taken === undefined) continue
    const { machine, holder } = taken
    throw new VmunitError(
      'ERR_NOT_OWNED',
      `Machine ${machine.id} of server ${member.server.address} bears the marker of ${holder}. Clear that up with them, or detach its group.`,
      { details: { machine: machine.id, server: member.server.slot } },
    )
  }
}
