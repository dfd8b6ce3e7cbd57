import type { ImageTruth, MachineTruth } from './admin.ts'
import { filesBelow } from './files.ts'
import { type ImageRecord, type MachineRecord, ownMarker, type WorldState } from './state.ts'

/** A machine with what no hypervisor tells. */
export function machineTruth(state: WorldState, machine: MachineRecord): MachineTruth {
  const { id, name, image, power, creating, addresses, failureDomain, serving } = machine
  const marker = ownMarker(machine)
  return {
    id,
    name,
    image,
    lineage: lineageOf(state, image),
    power,
    marker,
    copiedMarker: marker === undefined ? machine.marker?.marker : undefined,
    creating,
    addresses,
    failureDomain,
    services: [...machine.services].sort(),
    serving,
    files: filesBelow(machine.files, '/').length,
  }
}

/** An image with its place in the catalogue. */
export function imageTruth({ id, parent, version, users }: ImageRecord): ImageTruth {
  const { template, version: number, operationId } = version ?? {}
  return { id, parent, template, version: number, operationId, users }
}

function lineageOf(state: WorldState, image: string): readonly string[] {
  const lineage: string[] = []
  for (let id: string | undefined = image; id !== undefined; id = state.images.get(id)?.parent) lineage.push(id)
  return lineage
}
