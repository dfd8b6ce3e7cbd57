import type { GuestHost } from '../guests/guest-host.ts'
import type { AdminMachine, VcenterAdmin } from '../vcenter/vcenter-admin.ts'

/** What {@link followDisks} works on. */
export interface DisksToFollow {
  readonly machines: readonly AdminMachine[]
  /** The guests that were there before the machines were listed: a newer one is missing in the list, and is not gone. */
  readonly known: readonly string[]
  readonly hands: VcenterAdmin
  readonly guests: GuestHost
  /** Takes the power of a guest away. */
  end(id: string): Promise<void>
}

/**
 * Gives new clones the disks of their sources, and takes those of machines away that are gone.
 *
 * A machine that seems to be no clone gets its disk when it is switched on: until then the record may still come.
 */
export async function followDisks({ machines, known, hands, guests, end }: DisksToFollow): Promise<void> {
  const present = new Set(machines.map(({ id }) => id))
  const added = machines.filter(({ id }) => !guests.has(id))
  if (added.length > 0) {
    const lineage = await hands.lineage()
    const made = new Set<string>()
    const make = async (id: string): Promise<void> => {
      // A source that is new itself gets its disk first.
      if (guests.has(id) || made.has(id)) return
      made.add(id)
      const source = lineage.get(id)
      if (source !== undefined && present.has(source)) await make(source)
      if (source !== undefined && guests.has(source)) await guests.clone(source, id)
    }
    for (const { id } of added) await make(id)
  }
  // Only now, because a machine may be cloned and its source be removed between two looks.
  for (const id of known) {
    if (present.has(id) || !guests.has(id)) continue
    await end(id)
    await guests.remove(id)
  }
}
