import type { DirectClient } from './direct-client.ts'
import type { ExtraConfig } from './extra-config.ts'
import type { KeyedLock } from './keyed-lock.ts'
import type { Reference } from './soap.ts'

/**
 * What guests write about themselves, as with `vmware-rpctool 'info-set guestinfo…'`.
 *
 * ESXi keeps it only while the machine is on; vcsim would keep it for ever, as what a client writes.
 */
export interface Published {
  /** Writes what the guest of a machine says; a machine that is off meanwhile has no guest that could say anything. */
  write(machine: Reference, values: ExtraConfig): Promise<void>
  /** Takes everything of the guest of a machine out again. */
  drop(machine: Reference): Promise<void>
}

/** What {@link createPublished} works with. */
export interface PublishedParts {
  readonly direct: DirectClient
  readonly lock: KeyedLock
  /** The `extraConfig` elements that write options into a machine whose lock is held. */
  writeOptions(machine: Reference, written: ExtraConfig): Promise<string>
}

/** Keeps which keys of which machine a guest wrote. */
export function createPublished({ direct, lock, writeOptions }: PublishedParts): Published {
  const keys = new Map<string, readonly string[]>()

  async function put(machine: Reference, values: ExtraConfig): Promise<void> {
    await direct.run('ReconfigVM_Task', machine, `<spec>${await writeOptions(machine, values)}</spec>`)
  }

  async function isOn(machine: Reference): Promise<boolean> {
    const [object] = await direct.read('VirtualMachine', ['runtime.powerState'], [machine.value])
    return object?.properties.get('runtime.powerState') === 'poweredOn'
  }

  return {
    write: async (machine, values) =>
      await lock.hold(machine.value, async () => {
        if (!(await isOn(machine))) return
        keys.set(machine.value, [...(keys.get(machine.value) ?? []), ...Object.keys(values)])
        await put(machine, values)
      }),
    drop: async (machine) =>
      await lock.hold(machine.value, async () => {
        const gone = keys.get(machine.value)
        keys.delete(machine.value)
        if (gone !== undefined) await put(machine, Object.fromEntries(gone.map((key) => [key, ''])))
      }),
  }
}
