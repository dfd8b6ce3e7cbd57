import type { Bases } from './bases.ts'
import { type Lane, openLane } from './lane.ts'

/** Several lanes side by side: while one waits for a lease, another one works. */
export interface Lanes extends AsyncDisposable {
  /** Does the work for all items; every failure is named, the first one is thrown. */
  each<T>(items: readonly T[], work: (item: T, lane: Lane) => Promise<void>): Promise<void>
}

const COUNT = 4

/** Opens lanes whose store handles have these clocks, in generations. */
export async function openLanes(bases: Bases, clocks: readonly number[]): Promise<Lanes> {
  const lanes = await Promise.all(Array.from({ length: COUNT }, () => openLane(bases, clocks)))
  return {
    async each(items, work) {
      const rest = [...items]
      const failures: unknown[] = []
      await Promise.all(
        lanes.map(async (lane) => {
          for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
            await work(item, lane).catch((error: unknown) => failures.push(error))
          }
        }),
      )
      for (const failure of failures) console.error(String((failure as Error).message))
      if (failures.length > 0) throw failures[0]
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all(lanes.map((lane) => lane[Symbol.asyncDispose]()))),
  }
}
