import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { waitUntil } from '../processes/wait-until.ts'
import { bootGuest, type GuestEnd, type GuestProcesses } from './boot-guest.ts'
import { type GuestParts, type GuestRecord, recordOf } from './guest-parts.ts'
import type { GuestSettings } from './guest-settings.ts'
import { createSlots } from './queue.ts'
import { runInGuest } from './run-in-guest.ts'
import { type Plug, writePlug, writeSeed } from './write-seed.ts'

/** Hears of guests that went off by themselves. */
export type EndListener = (id: string, end: GuestEnd) => void

/** Switches guests on and off. Nothing here takes turns: who calls has the guest's turn. */
export interface GuestPower {
  boot(record: GuestRecord, settings: GuestSettings, signal?: AbortSignal): Promise<void>
  kill(record: GuestRecord): Promise<void>
  shutdown(record: GuestRecord, timeoutMs: number, signal?: AbortSignal): Promise<void>
  plug(id: string, change: Partial<Plug>): Promise<void>
}

/** How many guests boot at once; more would only get in each other's way. */
const BOOTS_AT_ONCE = 8

/** Makes the switches of a host. */
export function createGuestPower(parts: GuestParts, tell: EndListener): GuestPower {
  const { keeper, disks, records, queue } = parts
  const slots = createSlots(BOOTS_AT_ONCE)
  const seedOf = (id: string): string => keeper.path('guests', id, 'seed')

  async function begin(record: GuestRecord, signal: AbortSignal | undefined): Promise<GuestProcesses> {
    const { id } = record
    const processes = await bootGuest({ keeper, id, disk: await disks.mount(id), signal })
    record.processes = processes
    void processes.ended.then((end) => {
      if (record.processes === processes) record.processes = undefined
      if (record.expected) return
      if (end === 'reboot') void bootAgain(record)
      else tell(id, end)
    })
    return processes
  }

  async function boot(record: GuestRecord, settings: GuestSettings, signal?: AbortSignal): Promise<void> {
    const { id } = record
    if (!disks.has(id)) disks.create(id)
    record.settings = settings
    record.expected = true
    try {
      await mkdir(keeper.path('guests', id, 'root'), { recursive: true })
      await writeSeed(seedOf(id), settings, record.plug)
      await slots(async () => await booted(record, await begin(record, signal), signal))
    } finally {
      record.expected = false
    }
  }

  async function booted(record: GuestRecord, processes: GuestProcesses, signal?: AbortSignal): Promise<void> {
    const { id } = record
    const isBooted = (): true | undefined => {
      if (existsSync(`${seedOf(id)}/booted`)) return true
      if (record.processes === processes) return undefined
      throw new Error(`Guest ${id} went off while it booted. Its console:\n${processes.console()}`)
    }
    try {
      await waitUntil(isBooted, { what: `guest ${id} to boot`, signal, everyMs: 5 })
    } catch (error) {
      processes.kill()
      await processes.ended
      throw error
    }
  }

  async function bootAgain(record: GuestRecord): Promise<void> {
    const { id } = record
    const again = queue(id, async () => {
      const { settings, processes } = record
      if (records.has(id) && processes === undefined && settings !== undefined) await boot(record, settings)
    })
    await again.then(
      () => tell(id, 'reboot'),
      () => tell(id, 'killed'),
    )
  }

  async function kill(record: GuestRecord): Promise<void> {
    const { processes } = record
    if (processes === undefined) return
    record.expected = true
    processes.kill()
    await processes.ended
    record.expected = false
  }

  return {
    boot,
    kill,
    async shutdown(record, timeoutMs, signal) {
      const { id, processes } = record
      if (processes === undefined) return
      record.expected = true
      try {
        await runInGuest(processes.pid, ['/sbin/poweroff'], { signal })
        const isOff = (): true | undefined => (record.processes === undefined ? true : undefined)
        await waitUntil(isOff, { what: `guest ${id} to go off`, timeoutMs, signal })
      } catch {
        signal?.throwIfAborted()
        await kill(record)
      } finally {
        record.expected = false
      }
    },
    async plug(id, change) {
      const record = recordOf(parts, id)
      record.plug = { ...record.plug, ...change }
      if (record.processes === undefined) return
      await writePlug(seedOf(id), record.plug)
      const { exitCode, stderr } = await runInGuest(record.processes.pid, ['/lib/guest/network'])
      if (exitCode !== 0) throw new Error(`The network of guest ${id} did not change: ${stderr}`)
    },
  }
}
