import type { ManagementUnit } from '@vmunit/core'
import type { WorldEvent } from '@vmunit/core/testing'
import type { Period } from './data-centre.ts'

/**
 * The least number of groups of a unit that served at any moment of a period, from the log of the data centre. A group
 * serves when each of its slots has a machine that does.
 */
export function leastServing(events: readonly WorldEvent[], unit: ManagementUnit, { from, to }: Period): number {
  const serving = new Map<string, Set<string>>()
  const count = (): number =>
    unit.groups.filter(({ servers }) => servers.every(({ slot }) => (serving.get(slot)?.size ?? 0) > 0)).length
  let least: number | undefined
  for (const event of events) {
    if (event.time > to) break
    if (event.type !== 'serving' || event.unit !== unit.name || event.slot === null) continue
    if (event.time > from) least ??= count()
    const machines = serving.get(event.slot) ?? new Set()
    serving.set(event.slot, machines)
    if (event.serving) machines.add(event.machine)
    else machines.delete(event.machine)
    if (event.time > from) least = Math.min(least ?? count(), count())
  }
  return least ?? count()
}
