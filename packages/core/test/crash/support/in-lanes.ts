import type { Bases } from './bases.ts'
import { inTime } from './in-time.ts'
import { type Lane, openLane } from './lane.ts'

/** Several lanes side by side: while one waits for a lease, another one works. */
export interface Lanes extends AsyncDisposable {
  /** Does the work for all items; every failure is named, the first one is thrown. */
  each<T>(items: readonly T[], work: (item: T, lane: Lane) => Promise<void>): Promise<void>
}

const COUNT = 4
/** More than a part of it may take, which then says more. */
const STORY_MS = 200_000

/** Opens lanes whose store handles have these clocks, in generations. */
export async function openLanes(bases: Bases, clocks: readonly number[]): Promise<Lanes> {
  const lanes = await Promise.all(Array.from({ length: COUNT }, () => openLane(bases, clocks)))
  // One in which a story does not end is not used for another one.
  const usable = new Set(lanes)
  return {
    async each(items, work) {
      if (usable.size === 0) throw new Error('Something is still at work in every lane.')
      const rest = [...items]
      const failures: unknown[] = []
      await Promise.all(
        [...usable].map(async (lane) => {
          for (let item = rest.shift(); item !== undefined && usable.has(lane); item = rest.shift()) {
            const name = `story ${JSON.stringify(item)}`
            try {
              await inTime(name, work(item, lane), { ms: STORY_MS, onLate: () => usable.delete(lane) })
            } catch (error) {
              console.error(`${name}: ${(error as Error).message}`)
              failures.push(error)
            }
          }
        }),
      )
      if (failures.length > 0) throw failures[0]
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all(lanes.map((lane) => lane[Symbol.asyncDispose]()))),
  }
}
