import { VmunitError } from '../../errors/vmunit-error.ts'
import { sampleServing } from './serving.ts'
import type { MachineRecord, WorldState } from './state.ts'

function checkAddresses(state: WorldState, machine: MachineRecord, addresses: readonly string[]): void {
  for (const address of addresses) {
    const user = state.addresses.get(address)
    if (user === undefined || user === machine.id) continue
    throw new VmunitError('ERR_CONFLICT', `Address ${address} is in use by ${user}: switch that machine off first.`, {
      details: { address, machine: user },
    })
  }
}

/** Boots a machine; `ERR_CONFLICT` when another machine that is on has one of its addresses. */
export function switchOn(state: WorldState, machine: MachineRecord): void {
  if (machine.power === 'on') return
  checkAddresses(state, machine, machine.addresses)
  for (const address of machine.addresses) state.addresses.set(address, machine.id)
  machine.power = 'on'
  machine.boots += 1
  sampleServing(state, machine)
}

/** Cuts the power: what ran in the machine is gone, its files stay. */
export function switchOff(state: WorldState, machine: MachineRecord): void {
  if (machine.power === 'off') return
  stopEverything(machine)
  for (const address of machine.addresses) state.addresses.delete(address)
  machine.power = 'off'
  sampleServing(state, machine)
}

/** Boots a machine that is on anew. */
export function restart(state: WorldState, machine: MachineRecord): void {
  stopEverything(machine)
  machine.boots += 1
  sampleServing(state, machine)
}

/** Gives a machine other addresses; `ERR_CONFLICT` when it is on and one of them is in use. */
export function setAddresses(state: WorldState, machine: MachineRecord, addresses: readonly string[]): void {
  if (machine.power === 'on') {
    checkAddresses(state, machine, addresses)
    for (const address of machine.addresses) state.addresses.delete(address)
    for (const address of addresses) state.addresses.set(address, machine.id)
  }
  machine.addresses = addresses
  sampleServing(state, machine)
}

function stopEverything(machine: MachineRecord): void {
  for (const process of machine.processes) process.end('power')
  machine.processes.clear()
  machine.jobs.clear()
  machine.services.clear()
}

/** Another value after every boot. */
export function bootIdOf(machine: MachineRecord): string {
  return `${machine.id}-boot-${machine.boots}`
}
