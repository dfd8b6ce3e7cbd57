import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../message-of.ts'
import type { VcenterAdmin } from '../vcenter/vcenter-admin.ts'
import { type BootParts, createBoots, hasLostItsGuest } from './boots.ts'
import { type CommonSettings, desiredGuest } from './desired-guest.ts'
import { followDisks } from './follow-disks.ts'
import { createLeases, type LeaseOptions } from './lease-addresses.ts'

/** Options of {@link startHostAgent}. */
export interface HostAgentOptions extends BootParts {
  readonly hands: VcenterAdmin
  readonly common: CommonSettings
  /** Addresses for machines that are switched on without one. */
  readonly addressOf: LeaseOptions['addressOf']
  /** How often the agent looks at vCenter. Default 40 ms. */
  readonly everyMs?: number | undefined
}

/**
 * Gives every machine of a vCenter that is on a real guest, as the host would that the machine runs on.
 *
 * The disk of a clone begins with what its source had, by vCenter's own record of what was cloned from what. A machine
 * that was given no address is leased one; one with other addresses than loopback addresses has no guest. A guest that
 * goes off by itself switches its machine off.
 */
export interface HostAgent extends AsyncDisposable {
  /** Resolves when the guests are as vCenter shows the machines now; rejects with what stands in the way. */
  settled(signal?: AbortSignal): Promise<void>
  /** While paused, machines that are switched on get no guest, so they never answer. */
  pauseBoots(paused: boolean): void
  /** While on, guests that boot keep the host keys of the template that they come from. */
  keepHostKeys(keep: boolean): void
  /** For those who switch a machine off: its guest is gone when it resolves. */
  powerOff(machine: string): Promise<void>
  /** The same in order: the guest ends its services first. Rejects when no guest is there that could be asked. */
  shutdown(machine: string): Promise<void>
  /** Ends the guest of a machine that stays on; it boots anew within a moment. */
  reboot(machine: string, how: 'reset' | 'orderly'): Promise<void>
  /** For those who switched a machine on: its guest boots with the next look. */
  switchedOn(machine: string): void
  /** What stands in the way, by machine; under `vcenter`, why vCenter could not be looked at. */
  problems(): ReadonlyMap<string, string>
  close(): Promise<void>
}

/** Starts the agent; it looks at vCenter until it is closed. */
export function startHostAgent(options: HostAgentOptions): HostAgent {
  const { hands, guests, common, everyMs = 40 } = options
  const boots = createBoots(options)
  const leases = createLeases(options)
  const stopped = new AbortController()
  let [paused, reuseHostKeys] = [false, false]
  let [begun, ended] = [0, 0]
  let blind: string | undefined

  async function look(): Promise<void> {
    const known = guests.list().map(({ id }) => id)
    const booted = boots.booted()
    const machines = await hands.machines()
    await followDisks({ machines, known, hands, guests, end: boots.end })
    const off = machines.filter(({ power }) => power !== 'on')
    // Off and on again between two looks: what a guest published goes with the power of its machine.
    const cycled = machines.filter((machine) => booted.has(machine.id) && hasLostItsGuest(machine))
    // A machine that takes over the address of one that goes off finds it free.
    const ending = [...off.filter(({ id }) => boots.isOn(id) || boots.isBooting(id)), ...cycled]
    await Promise.all(ending.map(async ({ id }) => await boots.end(id)))
    for (const { id } of off) boots.forget(id)
    const present = new Set(machines.map(({ id }) => id))
    for (const id of boots.problems.keys()) if (!present.has(id)) boots.forget(id)
    await leases.follow(machines)
    if (paused) return
    for (const machine of machines) {
      if (machine.power !== 'on' || !boots.mayBoot(machine.id)) continue
      const settings = desiredGuest(machine, common)
      if (settings !== undefined) boots.begin(machine.id, { ...settings, reuseHostKeys })
    }
  }

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      begun += 1
      const [number, start] = [begun, performance.now()]
      try {
        await look()
        blind = undefined
      } catch (error) {
        blind = messageOf(error)
      }
      ended = number
      // Looking at many machines costs vCenter more; it is left most of its time for others.
      const pause = Math.max(everyMs, 3 * (performance.now() - start))
      await sleep(pause, undefined, { signal: stopped.signal }).catch(() => {})
    }
  }

  const watching = watch()
  const stopListening = guests.onEnd((id, end) => {
    if (end === 'reboot') return
    boots.hold(id)
    // Who has removed the machine meanwhile does not need to be told.
    hands.power(id, 'off').catch(() => {})
  })
  const problems = (): ReadonlyMap<string, string> =>
    new Map([...boots.problems, ...(blind === undefined ? [] : [['vcenter', blind] as const])])

  async function close(): Promise<void> {
    stopListening()
    stopped.abort(new Error('The testbed is closed.'))
    await watching
    await boots.close()
  }

  return {
    async settled(signal) {
      // A look that has begun may have been before what the caller did.
      const wanted = begun + 1
      while (ended < wanted) {
        signal?.throwIfAborted()
        stopped.signal.throwIfAborted()
        await sleep(5)
      }
      await boots.idle()
      signal?.throwIfAborted()
      const [problem] = problems().values()
      if (problem !== undefined) throw new Error(problem)
    },
    pauseBoots: (on) => void (paused = on),
    keepHostKeys: (on) => void (reuseHostKeys = on),
    async powerOff(id) {
      boots.hold(id)
      await boots.end(id)
    },
    shutdown: boots.shutdown,
    async reboot(id, how) {
      if (how === 'orderly') await boots.shutdown(id)
      else await boots.end(id)
      boots.forget(id)
    },
    switchedOn: boots.forget,
    problems,
    close,
    [Symbol.asyncDispose]: close,
  }
}
