import * as z from 'zod'
import { VmunitError } from '../../errors/vmunit-error.ts'
import type { ImageVersion } from '../../ports/image-catalog.ts'
import type { Pool } from '../../ports/load-balancer.ts'
import type { ActiveFault } from './faults.ts'
import type { FileEntry, FileLayer } from './files.ts'
import type { BoundMarker, ImageRecord, MachineRecord, MemberRecord, ReservationRecord, WorldState } from './state.ts'

const marker = z.object({ manager: z.string(), unit: z.string(), slot: z.string(), operationId: z.string() })
const files = z.array(
  z.discriminatedUnion('type', [
    z.object({ path: z.string(), type: z.literal('file'), hash: z.string(), executable: z.boolean() }),
    z.object({ path: z.string(), type: z.enum(['directory', 'removed']) }),
  ]),
)

const savedMachine = z.object({
  id: z.string(),
  name: z.string(),
  image: z.string(),
  failureDomain: z.string(),
  hostKey: z.string(),
  files,
  services: z.array(z.string()),
  addresses: z.array(z.string()),
  power: z.enum(['on', 'off']),
  marker: z.object({ marker, machine: z.string() }).optional(),
  markerReadable: z.boolean(),
  boots: z.int(),
  serving: z.boolean(),
})

const savedImage = z.object({
  id: z.string(),
  parent: z.string().optional(),
  version: z.object({ template: z.string(), version: z.int(), operationId: z.string() }).optional(),
  files,
  users: z.int(),
})

const savedPool = z.object({
  pool: z.object({ name: z.string(), address: z.string().optional(), port: z.int() }),
  members: z.array(
    z.object({
      slot: z.string(),
      address: z.string(),
      port: z.int(),
      traffic: z.enum(['in', 'drain', 'out']),
      connections: z.int(),
    }),
  ),
})

const snapshotSchema = z.object({
  format: z.literal(1),
  seq: z.int(),
  machineCount: z.int(),
  imageCount: z.int(),
  machines: z.array(savedMachine),
  images: z.array(savedImage),
  creations: z.array(z.tuple([z.string(), z.string()])),
  pools: z.array(savedPool),
  // Worlds that were kept before there were address pools have none.
  reservations: z
    .array(z.tuple([z.string(), z.object({ network: z.string(), id: z.string(), time: z.number().optional() })]))
    .default([]),
  blind: z.array(z.string()),
  faults: z.array(z.custom<ActiveFault>()),
})

/** Reads a stored snapshot; `ERR_STORE_DAMAGED` when it is none. */
export function readSnapshot(text: string): Snapshot {
  const read = snapshotSchema.safeParse(JSON.parse(text))
  if (read.success) return read.data
  const message = `state.json is not the state of a world: remove it to begin anew. ${z.prettifyError(read.error)}`
  throw new VmunitError('ERR_STORE_DAMAGED', message)
}

/** One entry of a layer of files; the bytes are kept by their hash. */
export type SavedFile =
  | { readonly path: string; readonly type: 'file'; readonly hash: string; readonly executable: boolean }
  | { readonly path: string; readonly type: 'directory' | 'removed' }

/** A machine without what dies with its process. */
export interface SavedMachine
  extends Omit<MachineRecord, 'files' | 'services' | 'processes' | 'jobs' | 'creating' | 'marker'> {
  readonly files: readonly SavedFile[]
  readonly services: readonly string[]
  readonly marker?: BoundMarker | undefined
}

/** An image. */
export interface SavedImage extends Omit<ImageRecord, 'files' | 'parent' | 'version'> {
  readonly files: readonly SavedFile[]
  readonly parent?: string | undefined
  readonly version?: ImageVersion | undefined
}

/** A pool. */
export interface SavedPool {
  readonly pool: Pool
  readonly members: readonly MemberRecord[]
}

/** A world as plain JSON, without its log and the contents of its files. */
export interface Snapshot {
  readonly format: 1
  /** The last event that it contains. */
  readonly seq: number
  readonly machineCount: number
  readonly imageCount: number
  readonly machines: readonly SavedMachine[]
  readonly images: readonly SavedImage[]
  readonly creations: readonly (readonly [operationId: string, machine: string])[]
  readonly pools: readonly SavedPool[]
  readonly reservations: readonly (readonly [address: string, reservation: ReservationRecord])[]
  readonly blind: readonly string[]
  readonly faults: readonly ActiveFault[]
}

/** Takes a picture of the world; each content that occurs in it is handed to `onFile`. */
export function takeSnapshot(state: WorldState, onFile: (file: FileEntry) => void): Snapshot {
  const saveMachine = (machine: MachineRecord): SavedMachine => {
    const { processes: _processes, jobs: _jobs, creating: _creating, services, addresses, ...rest } = machine
    return { ...rest, services: [...services], addresses: [...addresses], files: saveFiles(machine.files, onFile) }
  }
  const saveImage = (image: ImageRecord): SavedImage => ({ ...image, files: saveFiles(image.files, onFile) })
  return {
    format: 1,
    seq: state.log.events.length,
    machineCount: state.machineCount,
    imageCount: state.imageCount,
    machines: [...state.machines.values()].map(saveMachine),
    images: [...state.images.values()].map(saveImage),
    creations: [...state.creations],
    pools: [...state.pools.values()].map(({ pool, members }) => ({ pool, members: [...members.values()] })),
    reservations: [...state.reservations],
    blind: [...state.blind],
    faults: state.faults,
  }
}

function saveFiles(layer: FileLayer, onFile: (file: FileEntry) => void): readonly SavedFile[] {
  return [...layer.entries].map(([path, entry]) => {
    if (entry.type !== 'file') return { path, type: entry.type }
    onFile(entry)
    return { path, type: entry.type, hash: entry.hash, executable: entry.executable }
  })
}
