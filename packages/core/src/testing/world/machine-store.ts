import { sameMarker } from '../../domain/marker.ts'
import { VmunitError } from '../../errors/vmunit-error.ts'
import { sha256 } from '../../internal/sha256.ts'
import type { MachineNetwork } from '../../ports/hypervisor-driver.ts'
import type { OwnedMachine } from '../../ports/owned-machine.ts'
import { type FileLayer, layerOver } from './files.ts'
import { switchOff } from './power.ts'
import { type BoundMarker, type MachineRecord, ownMarker, showsMarker, type WorldState } from './state.ts'

/** What a new machine is made of. */
export interface NewMachine {
  readonly name: string
  readonly image: string
  readonly addresses: readonly string[]
  readonly failureDomain?: string | undefined
  readonly files?: FileLayer | undefined
  readonly hostKey?: string | undefined
  readonly marker?: ((id: string) => BoundMarker | undefined) | undefined
  readonly creating?: boolean | undefined
}

/** The addresses that networks ask for; a network that asks for none gives the next machine one of its own, as DHCP does. */
export function addressesOf(state: WorldState, networks: readonly MachineNetwork[]): readonly string[] {
  const number = state.machineCount + 1
  return networks.map(({ address }, index) => address ?? `10.${255 - index}.${number >> 8}.${number & 255}`)
}

/** Adds a machine, powered off. `ERR_NOT_FOUND` without its image, `ERR_CONFLICT` when its name is taken. */
export function addMachine(state: WorldState, made: NewMachine): MachineRecord {
  const image = state.images.get(made.image)
  if (image === undefined) throw new VmunitError('ERR_NOT_FOUND', `There is no image ${made.image}; see images().`)
  const holder = state.names.get(made.name)
  if (holder !== undefined) {
    const message = `Machine ${holder} is called ${made.name} already: choose another name.`
    throw new VmunitError('ERR_CONFLICT', message, { details: { name: made.name, machine: holder } })
  }
  state.machineCount += 1
  const id = `vm-${state.machineCount}`
  const machine: MachineRecord = {
    id,
    name: made.name,
    image: made.image,
    failureDomain: made.failureDomain ?? `host-${(state.machineCount % 4) + 1}`,
    hostKey: made.hostKey ?? hostKeyOf(state, id),
    files: made.files ?? layerOver(image.files),
    services: new Set(),
    processes: new Set(),
    jobs: new Map(),
    addresses: made.addresses,
    power: 'off',
    creating: made.creating ?? false,
    marker: made.marker?.(id),
    markerReadable: true,
    boots: 0,
    serving: false,
  }
  image.users += 1
  state.machines.set(id, machine)
  state.names.set(machine.name, id)
  return machine
}

/** Takes a machine out of the world, as removal and publishing do. */
export function dropMachine(state: WorldState, machine: MachineRecord): void {
  switchOff(state, machine)
  state.machines.delete(machine.id)
  state.names.delete(machine.name)
  const operationId = machine.marker?.marker.operationId
  if (operationId !== undefined && state.creations.get(operationId) === machine.id) state.creations.delete(operationId)
  const image = state.images.get(machine.image)
  if (image !== undefined) image.users -= 1
}

/** The machine with this id. */
export function machineOf(state: WorldState, id: string): MachineRecord {
  const machine = state.machines.get(id)
  if (machine === undefined) throw new VmunitError('ERR_NOT_FOUND', `There is no machine ${id}; see machines().`)
  return machine
}

/**
 * The machine that a change expects; undefined when it is gone. `ERR_NOT_OWNED` when it bears another marker or none,
 * `ERR_UNAVAILABLE` while nobody can tell.
 */
export function ownedMachine(state: WorldState, { id, marker }: OwnedMachine): MachineRecord | undefined {
  const machine = state.machines.get(id)
  if (machine === undefined) return undefined
  checkReadable(state, machine)
  const own = ownMarker(machine)
  if (sameMarker(own, marker)) return machine
  throw new VmunitError('ERR_NOT_OWNED', `Machine ${id} does not bear the marker of ${marker.operationId}.`, {
    details: { machine: id, expected: marker, found: own ?? 'none' },
  })
}

/** Refuses to change a machine whose marker nobody can read now. */
export function checkReadable(state: WorldState, machine: MachineRecord): void {
  if (showsMarker(state, machine) && !machine.creating && !state.blind.has(machine.failureDomain)) return
  const message = `The marker of ${machine.id} cannot be read now: wait until its host answers and its creation ends.`
  throw new VmunitError('ERR_UNAVAILABLE', message, { retryable: true, details: { machine: machine.id } })
}

/** An Ed25519 public key in the format of SSH that looks random and is always the same for the same machine. */
function hostKeyOf(state: WorldState, id: string): string {
  const key = Buffer.from(sha256(`host key ${state.settings.seed ?? 1} ${id}`), 'hex')
  const name = Buffer.from('ssh-ed25519')
  const lengths = [name.length, key.length].map((length) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(length)
    return bytes
  })
  const [nameLength = key, keyLength = key] = lengths
  return `ssh-ed25519 ${Buffer.concat([nameLength, name, keyLength, key]).toString('base64')}`
}
