/**
 * `group/tier/ordinal`: the stable identity of a place in the fleet, such as `vmgroup_1/web/0`.
 * The machine in it can be replaced; a slot is never renumbered.
 */
export type Slot = string

/** Puts a slot together. `ordinal` counts from 0 within group and tier. */
export function slotOf(group: string, tierId: string, ordinal: number): Slot {
  return `${group}/${tierId}/${ordinal}`
}

/** The group that a slot belongs to. */
export function groupOfSlot(slot: Slot): string {
  return slot.slice(0, slot.indexOf('/'))
}
