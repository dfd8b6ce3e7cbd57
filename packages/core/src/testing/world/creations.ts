import { type OperationId, sameMarker } from '../../domain/marker.ts'
import type { Observed } from '../../domain/observed.ts'
import { VmunitError } from '../../errors/vmunit-error.ts'
import type { CreateMachine, Machine } from '../../ports/hypervisor-driver.ts'
import { addMachine, addressesOf, machineOf } from './machine-store.ts'
import { type MachineRecord, ownMarker, showsMarker, takeTime, viewOf, type WorldState } from './state.ts'

/** How machines come into being. */
export interface Creations {
  create(spec: CreateMachine): Promise<Machine>
  created(spec: CreateMachine): Observed<Machine>
}

/** Creates each machine once, however often and however concurrently it is asked for. */
export function createCreations(state: WorldState): Creations {
  const running = new Map<OperationId, Promise<Machine>>()

  async function finish(machine: MachineRecord): Promise<Machine> {
    await takeTime(state, 'create')
    await state.creationGate.passed()
    const { creating } = machineOf(state, machine.id)
    if (creating) machine.creating = false
    return viewOf(state, machine)
  }

  function begin(spec: CreateMachine): Promise<Machine> {
    const { marker, name, image, networks, placement, failureDomain } = spec
    const machine = addMachine(state, {
      name,
      image,
      addresses: addressesOf(state, networks),
      failureDomain: failureDomainIn(placement) ?? failureDomain,
      marker: (id) => ({ marker, machine: id }),
      creating: true,
    })
    state.creations.set(marker.operationId, machine.id)
    const creation = finish(machine).finally(() => running.delete(marker.operationId))
    running.set(marker.operationId, creation)
    return creation
  }

  return {
    async create(spec) {
      const machine = state.machines.get(state.creations.get(spec.marker.operationId) ?? '')
      if (machine === undefined) return await begin(spec)
      checkSame(machine, spec)
      return await (running.get(spec.marker.operationId) ?? viewOf(state, machine))
    },
    created(spec) {
      const machine = state.machines.get(state.creations.get(spec.marker.operationId) ?? '')
      if (machine !== undefined && !state.blind.has(machine.failureDomain)) {
        if (machine.creating) return { state: 'busy', detail: `${machine.id} is being created` }
        if (!showsMarker(state, machine))
          return { state: 'unknown', detail: `the marker of ${machine.id} is unreadable` }
        checkSame(machine, spec)
        return { state: 'done', value: viewOf(state, machine) }
      }
      if (state.blind.size === 0) return { state: 'absent' }
      return { state: 'unknown', detail: `${[...state.blind].join(', ')} do not answer` }
    },
  }
}

function checkSame(machine: MachineRecord, { marker }: CreateMachine): void {
  const own = ownMarker(machine)
  if (sameMarker(own, marker)) return
  const message = `Operation ${marker.operationId} made ${machine.id} for another place: use a new operation id.`
  throw new VmunitError('ERR_CONFLICT', message, { details: { machine: machine.id, found: own ?? 'none' } })
}

function failureDomainIn(placement: unknown): string | undefined {
  if (typeof placement !== 'object' || placement === null || !('failureDomain' in placement)) return undefined
  const { failureDomain } = placement
  if (typeof failureDomain === 'string') return failureDomain
  throw new VmunitError('ERR_INVALID_INPUT', 'placement.failureDomain must be a string.')
}
