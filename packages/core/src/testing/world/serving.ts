import { type MachineRecord, ownMarker, type WorldState } from './state.ts'

/** Whether users of a machine's service are served: it is on, a service runs, and no pool keeps traffic from it. */
function serves(state: WorldState, machine: MachineRecord): boolean {
  if (machine.power !== 'on' || machine.services.size === 0) return false
  for (const address of machine.addresses) {
    for (const member of state.membersByAddress.get(address) ?? []) if (member.traffic !== 'in') return false
  }
  return true
}

/** Looks whether a machine serves, and records it when that has changed. */
export function sampleServing(state: WorldState, machine: MachineRecord): void {
  const serving = serves(state, machine)
  if (serving === machine.serving) return
  machine.serving = serving
  const marker = ownMarker(machine)
  const { unit = null, slot = null } = marker ?? {}
  state.log.append({ type: 'serving', unit, slot, machine: machine.id, serving })
}

/** The same for whichever machine is on at an address. */
export function sampleServingAt(state: WorldState, address: string): void {
  const machine = state.machines.get(state.addresses.get(address) ?? '')
  if (machine !== undefined) sampleServing(state, machine)
}
