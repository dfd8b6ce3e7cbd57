import { VmunitError } from '../../errors/vmunit-error.ts'
import { type FileLayer, layerOver } from './files.ts'
import type { SavedFile, SavedMachine, Snapshot } from './snapshot.ts'
import type { MemberRecord, WorldState } from './state.ts'

/** Fills an empty world with what a snapshot says; what was being created is there, what was running has died. */
export function restoreSnapshot(state: WorldState, snapshot: Snapshot, blobs: ReadonlyMap<string, Uint8Array>): void {
  state.machineCount = snapshot.machineCount
  state.imageCount = snapshot.imageCount
  for (const { files, parent, version, ...image } of snapshot.images) {
    const layer = restoreFiles(state, files, { below: state.images.get(parent ?? '')?.files, blobs })
    state.images.set(image.id, { ...image, parent, version, files: layer })
    if (version === undefined) continue
    state.publications.set(version.operationId, image.id)
    state.versions.set(`${version.template}:${version.version}`, version.operationId)
  }
  for (const machine of snapshot.machines) restoreMachine(state, machine, blobs)
  for (const [operationId, machine] of snapshot.creations) state.creations.set(operationId, machine)
  for (const { pool, members } of snapshot.pools) {
    state.pools.set(pool.name, { pool, members: new Map(members.map((member) => [member.slot, member])) })
    for (const member of members) restoreMember(state, member)
  }
  for (const [address, reservation] of snapshot.reservations) state.reservations.set(address, reservation)
  for (const part of snapshot.blind) state.blind.add(part)
  state.faults = [...snapshot.faults]
}

function restoreMachine(state: WorldState, saved: SavedMachine, blobs: ReadonlyMap<string, Uint8Array>): void {
  const { id, name, addresses, services, marker, files } = saved
  state.machines.set(id, {
    ...saved,
    files: restoreFiles(state, files, { below: state.images.get(saved.image)?.files, blobs }),
    services: new Set(services),
    processes: new Set(),
    jobs: new Map(),
    creating: false,
    marker,
  })
  state.names.set(name, id)
  if (saved.power === 'on') for (const address of addresses) state.addresses.set(address, id)
}

function restoreMember(state: WorldState, member: MemberRecord): void {
  const there = state.membersByAddress.get(member.address) ?? new Set()
  state.membersByAddress.set(member.address, there.add(member))
}

interface Ground {
  readonly below: FileLayer | undefined
  readonly blobs: ReadonlyMap<string, Uint8Array>
}

function restoreFiles(state: WorldState, files: readonly SavedFile[], { below, blobs }: Ground): FileLayer {
  const layer = layerOver(below)
  for (const saved of files) {
    if (saved.type !== 'file') {
      layer.entries.set(saved.path, { type: saved.type })
      continue
    }
    const bytes = blobs.get(saved.hash)
    if (bytes === undefined) throw new VmunitError('ERR_STORE_DAMAGED', `The world lost the bytes of ${saved.path}.`)
    layer.entries.set(saved.path, state.blobs.file(bytes, saved.executable))
  }
  return layer
}
