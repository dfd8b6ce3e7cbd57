import type { GuestHost } from '../guests/guest-host.ts'
import type { GuestSettings } from '../guests/guest-settings.ts'
import { createQueues } from '../guests/queue.ts'
import { messageOf } from '../message-of.ts'
import type { AdminMachine, VcenterAdmin } from '../vcenter/vcenter-admin.ts'

/** A guest that answers. */
export interface BootedGuest {
  readonly machine: string
  readonly addresses: readonly string[]
  readonly hostKeys: readonly string[]
}

/** What {@link createBoots} works with. */
export interface BootParts {
  readonly hands: VcenterAdmin
  readonly guests: GuestHost
  readonly onBoot?: ((guest: BootedGuest) => void) | undefined
}

/** Boots and ends the guests of machines; what it is told about one machine it does in turn. */
export interface Boots {
  isOn(machine: string): boolean
  isBooting(machine: string): boolean
  /** The machines whose guests are up, and have published their host keys. */
  booted(): ReadonlySet<string>
  /** Whether the guest of a machine that is on may boot now. */
  mayBoot(machine: string): boolean
  /** Begins a boot, and publishes the host keys in vCenter when the guest answers. */
  begin(machine: string, settings: GuestSettings): void
  /** Takes the power of a guest away, or of a boot. */
  end(machine: string): Promise<void>
  shutdown(machine: string): Promise<void>
  /** Keeps a guest off whose machine vCenter still shows as on: somebody is about to switch that off. */
  hold(machine: string): void
  /** Takes holds and problems of a machine back. */
  forget(machine: string): void
  /** Why guests did not boot, by machine. */
  readonly problems: ReadonlyMap<string, string>
  /** Resolves when no boot goes on. */
  idle(): Promise<void>
  /** Ends the boots that go on. */
  close(): Promise<void>
}

/** Where a guest that has booted publishes its host keys. */
export const HOST_KEYS = 'guestinfo.vmunit.hostkeys'

/** How long a machine whose guest did not boot is left alone. */
const RETRY_MS = 500

/** How long a hold lasts at most; after that nobody has switched the machine off. */
const HOLD_MS = 2000

/** Whether the guest of a machine that is on went away with its power, which is back since. */
export function hasLostItsGuest({ power, extraConfig }: AdminMachine): boolean {
  return power === 'on' && (extraConfig[HOST_KEYS] ?? '') === ''
}

/** Makes the boots of a host agent. */
export function createBoots({ hands, guests, onBoot }: BootParts): Boots {
  const running = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>()
  const problems = new Map<string, string>()
  const notBefore = new Map<string, number>()
  const queue = createQueues()

  const isOn = (id: string): boolean => guests.list().some((guest) => guest.id === id && guest.power === 'on')

  async function boot(id: string, settings: GuestSettings, signal: AbortSignal): Promise<void> {
    await guests.start(id, settings, { signal })
    const hostKeys = await guests.hostKeys(id)
    await hands.publish(id, { [HOST_KEYS]: hostKeys.join('\n') })
    problems.delete(id)
    onBoot?.({ machine: id, addresses: settings.addresses, hostKeys })
  }

  const hold = (id: string): void => void notBefore.set(id, performance.now() + HOLD_MS)

  async function end(id: string): Promise<void> {
    running.get(id)?.stop.abort(new Error(`Machine ${id} was switched off.`))
    await queue(id, async () => {
      await running.get(id)?.done
      await guests.powerOff(id)
    })
  }

  async function idle(): Promise<void> {
    while (running.size > 0) await Promise.all([...running.values()].map(async ({ done }) => await done))
  }

  return {
    isOn,
    isBooting: (id) => running.has(id),
    booted: () => new Set(guests.list().flatMap(({ id, power }) => (power === 'on' && !running.has(id) ? [id] : []))),
    mayBoot: (id) => !isOn(id) && !running.has(id) && (notBefore.get(id) ?? 0) <= performance.now(),
    begin(id, settings) {
      const stop = new AbortController()
      const done = boot(id, settings, stop.signal)
        .catch((error: unknown) => {
          if (stop.signal.aborted) return
          problems.set(id, messageOf(error))
          notBefore.set(id, performance.now() + RETRY_MS)
        })
        .finally(() => running.delete(id))
      running.set(id, { stop, done })
    },
    end,
    async shutdown(id) {
      await queue(id, async () => {
        await running.get(id)?.done
        if (!isOn(id)) throw new Error(`Machine ${id} has no guest that could be asked to shut down.`)
        hold(id)
        await guests.shutdown(id)
      })
    },
    hold,
    forget(id) {
      notBefore.delete(id)
      problems.delete(id)
    },
    problems,
    idle,
    async close() {
      for (const { stop } of running.values()) stop.abort(new Error('The testbed is closed.'))
      await idle()
    },
  }
}
