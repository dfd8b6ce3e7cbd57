import type { World } from '@vmunit/core/testing'
import type { ServiceRecord, ServiceWatch, WatchedGroup } from './site.ts'

/** Reads from the log of a world which groups served at every moment. */
export async function watchWorld(
  { admin }: World,
  { unit, groups }: { readonly unit: string; readonly groups: readonly WatchedGroup[] },
): Promise<ServiceWatch> {
  const begun = (await admin.log()).length

  async function stop(): Promise<ServiceRecord> {
    const serving = new Map<string, Set<string>>()
    const interrupted = new Set<string>()
    let fewest: number | undefined
    const look = (isWatched: boolean): void => {
      const down = groups.filter(({ servers }) => servers.some(({ slot }) => (serving.get(slot)?.size ?? 0) === 0))
      if (!isWatched) return
      fewest = Math.min(fewest ?? groups.length, groups.length - down.length)
      for (const { name } of down) interrupted.add(name)
    }
    for (const event of await admin.log()) {
      if (event.seq === begun + 1) look(true)
      if (event.type !== 'serving' || event.unit !== unit || event.slot === null) continue
      const machines = serving.get(event.slot) ?? new Set()
      serving.set(event.slot, machines)
      if (event.serving) machines.add(event.machine)
      else machines.delete(event.machine)
      look(event.seq > begun)
    }
    look(true)
    return { fewest: fewest ?? 0, interrupted: [...interrupted] }
  }

  return { stop, [Symbol.asyncDispose]: async () => {} }
}
