import { sameMarker } from '../../domain/marker.ts'
import { VmunitError } from '../../errors/vmunit-error.ts'
import type { Handlers } from './calls.ts'
import { createCreations } from './creations.ts'
import { addressesOf, checkReadable, dropMachine, machineOf, ownedMachine } from './machine-store.ts'
import { bootIdOf, setAddresses, switchOff, switchOn } from './power.ts'
import { type MachineRecord, ownMarker, showsMarker, viewOf, type WorldState } from './state.ts'

type Methods =
  | `hypervisor.${'inventory' | 'created' | 'create' | 'adopt' | 'release'}`
  | `hypervisor.${'power' | 'remove' | 'readdress' | 'diagnostics'}`

/** The hypervisor's side of machines. */
export function hypervisorCalls(state: WorldState): Handlers<Methods> {
  const creations = createCreations(state)

  return {
    'hypervisor.inventory': ({ unit, ids }) => {
      const machines = ids?.flatMap((id) => state.machines.get(id) ?? []) ?? [...state.machines.values()]
      const seen = machines.filter((machine) => isSeen(state, machine) && mayBelongTo(state, machine, unit))
      return { machines: seen.map((machine) => viewOf(state, machine)), blind: [...state.blind] }
    },
    'hypervisor.created': creations.created,
    'hypervisor.create': creations.create,
    'hypervisor.adopt': (id, marker) => {
      const machine = machineOf(state, id)
      checkReadable(state, machine)
      const own = ownMarker(machine)
      if (own !== undefined && !sameMarker(own, marker)) {
        const message = `Machine ${id} bears the marker of ${own.operationId}: release it there first.`
        throw new VmunitError('ERR_NOT_OWNED', message, { details: { machine: id, found: own } })
      }
      machine.marker = { marker, machine: id }
      return viewOf(state, machine)
    },
    'hypervisor.release': ({ id, marker }) => {
      const found = state.machines.get(id)
      if (found === undefined) return
      checkReadable(state, found)
      if (ownMarker(found) === undefined) return
      ownedMachine(state, { id, marker })
      state.creations.delete(marker.operationId)
      found.marker = undefined
    },
    'hypervisor.power': (owned, to) => {
      const machine = ownedMachine(state, owned) ?? machineOf(state, owned.id)
      if (to === 'on') switchOn(state, machine)
      else switchOff(state, machine)
    },
    'hypervisor.remove': (owned) => {
      const machine = ownedMachine(state, owned)
      if (machine !== undefined) dropMachine(state, machine)
    },
    'hypervisor.readdress': (owned, networks) => {
      setAddresses(state, ownedMachine(state, owned) ?? machineOf(state, owned.id), addressesOf(state, networks))
    },
    'hypervisor.diagnostics': (owned) => {
      const machine = ownedMachine(state, owned) ?? machineOf(state, owned.id)
      return new TextEncoder().encode(describe(machine))
    },
  }
}

function isSeen(state: WorldState, machine: MachineRecord): boolean {
  return !state.blind.has(machine.failureDomain)
}

/** A machine whose marker cannot be read may belong to any unit, so it is never left out. */
function mayBelongTo(state: WorldState, machine: MachineRecord, unit: string | undefined): boolean {
  return unit === undefined || !showsMarker(state, machine) || ownMarker(machine)?.unit === unit
}

function describe(machine: MachineRecord): string {
  const lines = [
    `machine ${machine.id} "${machine.name}"`,
    `image ${machine.image}`,
    `host ${machine.failureDomain}`,
    `power ${machine.power}, boot ${bootIdOf(machine)}`,
    `addresses ${machine.addresses.join(' ')}`,
    `services ${[...machine.services].sort().join(' ')}`,
  ]
  return `${lines.join('\n')}\n`
}
