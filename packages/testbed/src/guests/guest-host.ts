import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { recordKeeper } from '../instance/leftovers.ts'
import type { ProcessIdentity } from '../processes/process-identity.ts'
import { processesAround } from '../processes/processes-around.ts'
import { openDisks } from './disks.ts'
import { type GuestParts, type GuestRecord, recordOf } from './guest-parts.ts'
import { createGuestPower, type EndListener } from './guest-power.ts'
import { createGuestPrograms, type GuestPrograms } from './guest-programs.ts'
import type { GuestSettings } from './guest-settings.ts'
import { type Keeper, startKeeper } from './keeper.ts'
import { createQueues } from './queue.ts'

/** Options of {@link createGuestHost}. */
export interface GuestHostOptions {
  /** Belongs to this host alone; it is gone after `close`. */
  readonly directory: string
  /** What `buildBaseRoot` built. */
  readonly baseRoot: string
  /** How many bytes all disks may have together, in memory. Default 8 GiB; what is not written costs nothing. */
  readonly diskBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Options of a call that waits. */
export interface GuestCall {
  readonly signal?: AbortSignal | undefined
}

/** A guest as it is now. */
export interface GuestState {
  readonly id: string
  readonly power: 'on' | 'off'
  /** The first process, by the pid that the machine knows; while it is on. */
  readonly pid: number | undefined
  readonly settings: GuestSettings | undefined
}

/**
 * Real guests on this machine: each with a root, processes, a hostname and an OpenSSH server of its own.
 *
 * A guest is a disk, which lives until `remove`, and while it is on also processes. They share the machine's network and
 * listen on the loopback addresses that they are given.
 */
export interface GuestHost extends GuestPrograms, AsyncDisposable {
  /** The namespaces that hold everything: while this process lives, guests may be there. */
  readonly keeper: Keeper
  /** Makes an empty disk. */
  create(id: string): void
  /** Makes a disk with what another one has now; the guest of the source may be on. */
  clone(source: string, id: string): Promise<void>
  has(id: string): boolean
  /** Boots a guest; resolves when it answers. One that is on already is left as it is. A disk is made when it has none. */
  start(id: string, settings: GuestSettings, call?: GuestCall): Promise<void>
  /** Takes the power away: nothing of the guest runs when it resolves. */
  powerOff(id: string): Promise<void>
  /** Asks the guest to end its services and go off; takes the power away when it does not. Default: after 10 seconds. */
  shutdown(id: string, options?: GuestCall & { readonly timeoutMs?: number | undefined }): Promise<void>
  /** Takes the power away and boots anew. */
  reboot(id: string, call?: GuestCall): Promise<void>
  /** Takes power and disk away. */
  remove(id: string): Promise<void>
  /** Cuts the guest off: its connections break, new ones are refused. What runs in it goes on. */
  unplug(id: string): Promise<void>
  replug(id: string): Promise<void>
  /** While on, connections are accepted and nothing is ever said on them. */
  setSilent(id: string, silent: boolean): Promise<void>
  /**
   * Tells of guests that went off by themselves, at once, and of those that rebooted by themselves, when they answer
   * again. Gives the way to stop that.
   */
  onEnd(listener: EndListener): () => void
  list(): readonly GuestState[]
  /** Every process that is there because of the guests; whoever closes the host can see that none is left. */
  processes(): readonly ProcessIdentity[]
  /** Ends all guests and frees all disks. */
  close(): Promise<void>
}

/** Opens a host for guests. Needs root, and what `ensureRequirements` installs. */
export async function createGuestHost(options: GuestHostOptions): Promise<GuestHost> {
  const { baseRoot, diskBytes = 8 * 1024 ** 3, signal } = options
  const directory = resolve(options.directory)
  const keeper = await startKeeper({ directory, baseRoot, diskBytes, signal })
  await recordKeeper(directory, keeper.process)
  const [disks, records, queue] = [openDisks(keeper.path), new Map<string, GuestRecord>(), createQueues()]
  const parts: GuestParts = { keeper, disks, records, queue }
  const listeners = new Set<EndListener>()
  const power = createGuestPower(parts, (id, end) => {
    for (const listener of listeners) listener(id, end)
  })

  /** Does something to a guest in its turn. */
  async function inTurn<T>(id: string, task: (record: GuestRecord) => Promise<T>): Promise<T> {
    const record = recordOf(parts, id)
    return await queue(id, async () => await task(record))
  }

  async function close(): Promise<void> {
    for (const record of records.values()) record.expected = true
    const ends = [...records.values()].flatMap(({ processes }) => processes?.ended ?? [])
    await keeper.close()
    await Promise.all(ends)
    await rm(directory, { recursive: true, force: true })
  }

  return {
    ...createGuestPrograms(parts),
    keeper,
    create(id) {
      if (disks.has(recordOf(parts, id).id)) throw new Error(`Guest ${id} has a disk already.`)
      disks.create(id)
    },
    async clone(source, id) {
      recordOf(parts, id)
      // Nothing of the source may begin or end while its layers are shared out.
      await inTurn(source, async ({ processes }) => await disks.copy(source, id, processes !== undefined))
    },
    has: disks.has,
    async start(id, settings, call) {
      await inTurn(id, async (record) => {
        if (record.processes === undefined) await power.boot(record, settings, call?.signal)
      })
    },
    async powerOff(id) {
      await inTurn(id, power.kill)
    },
    async shutdown(id, { timeoutMs = 10_000, signal: stop } = {}) {
      await inTurn(id, async (record) => await power.shutdown(record, timeoutMs, stop))
    },
    async reboot(id, call) {
      await inTurn(id, async (record) => {
        const { settings } = record
        if (settings === undefined) throw new Error(`Guest ${id} was never started.`)
        await power.kill(record)
        await power.boot(record, settings, call?.signal)
      })
    },
    async remove(id) {
      if (!records.has(id)) return
      await inTurn(id, async (record) => {
        await power.kill(record)
        records.delete(id)
        await disks.remove(id)
        await rm(keeper.path('guests', id), { recursive: true, force: true })
      })
    },
    unplug: async (id) => await inTurn(id, async () => await power.plug(id, { unplugged: true })),
    replug: async (id) => await inTurn(id, async () => await power.plug(id, { unplugged: false })),
    setSilent: async (id, silent) => await inTurn(id, async () => await power.plug(id, { silent })),
    onEnd(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    list: () => [...records.values()].map(stateOf),
    processes: () =>
      processesAround([keeper.process.pid, ...[...records.values()].flatMap(({ processes }) => processes?.pid ?? [])]),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function stateOf({ id, processes, settings }: GuestRecord): GuestState {
  return { id, power: processes === undefined ? 'off' : 'on', pid: processes?.pid, settings }
}
