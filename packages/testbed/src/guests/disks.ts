import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { runChecked } from '../processes/run-program.ts'

/** What a boot mounts. */
export interface MountedDisk {
  /** Layers below, newest first, in the form that a mount takes. */
  readonly lower: string
  readonly upper: string
}

/** The disks of guests: stacks of layers, of which only the top one of each is written to. */
export interface Disks {
  has(id: string): boolean
  /** An empty disk: nothing but the base root. */
  create(id: string): void
  /** Another disk with the same content; `inUse` says that a guest writes to the source just now. */
  copy(source: string, id: string, inUse: boolean): Promise<void>
  mount(id: string): Promise<MountedDisk>
  /** Layers of a disk, newest first, with the one that it writes to; undefined when there is no such disk. */
  layers(id: string): readonly string[]
  remove(id: string): Promise<void>
}

interface Disk {
  /** Newest first; shared with other disks and never written to. */
  readonly lower: readonly number[]
  readonly upper: number | undefined
}

/** The layers that every guest has: device files, which the base root cannot hold everywhere, and the base root. */
const FOUNDATION = 'dev:base'

/** Opens the disks below a directory that has the folders `layers` and `work`. */
export function openDisks(path: (...parts: readonly string[]) => string): Disks {
  const disks = new Map<string, Disk>()
  let last = 0

  function diskOf(id: string): Disk {
    const disk = disks.get(id)
    if (disk === undefined) throw new Error(`There is no disk of ${id}.`)
    return disk
  }

  async function freeze(id: string, inUse: boolean): Promise<readonly number[]> {
    const { lower, upper } = diskOf(id)
    if (upper === undefined) return lower
    const folder = path('layers', String(upper))
    if ((await readdir(folder)).length === 0) return lower
    if (inUse) {
      last += 1
      const copy = last
      // The running guest goes on writing to its own layer.
      await runChecked(['cp', '-a', folder, path('layers', String(copy))])
      return [copy, ...lower]
    }
    disks.set(id, { lower: [upper, ...lower], upper: undefined })
    return [upper, ...lower]
  }

  async function drop(layers: readonly number[]): Promise<void> {
    const used = new Set([...disks.values()].flatMap(({ lower, upper }) => [...lower, upper]))
    for (const layer of layers) {
      if (used.has(layer)) continue
      for (const folder of ['layers', 'work']) await rm(path(folder, String(layer)), { recursive: true, force: true })
    }
  }

  return {
    has: (id) => disks.has(id),
    create: (id) => void disks.set(id, { lower: [], upper: undefined }),
    async copy(source, id, inUse) {
      const lower = await freeze(source, inUse)
      disks.set(id, { lower, upper: undefined })
    },
    async mount(id) {
      const disk = diskOf(id)
      let { upper } = disk
      if (upper === undefined) {
        last += 1
        upper = last
        disks.set(id, { ...disk, upper })
        for (const folder of ['layers', 'work']) await mkdir(path(folder, String(upper)))
        // It is the root directory of the guest, whatever the mask of this process is.
        await chmod(path('layers', String(upper)), 0o755)
      }
      const lower = disk.lower.map((layer) => `layers/${layer}`)
      return { lower: [...lower, FOUNDATION].join(':'), upper: String(upper) }
    },
    layers(id) {
      const { lower, upper } = diskOf(id)
      return [...(upper === undefined ? [] : [upper]), ...lower].map((layer) => path('layers', String(layer)))
    },
    async remove(id) {
      const disk = disks.get(id)
      if (disk === undefined) return
      disks.delete(id)
      await drop([...disk.lower, ...(disk.upper === undefined ? [] : [disk.upper])])
    },
  }
}
