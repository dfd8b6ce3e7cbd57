import { afterAll, beforeAll } from 'vitest'
import { type Bases, prepareBases } from './bases.ts'
import { type Lanes, openLanes } from './in-lanes.ts'
import { type Lane, openLane, SUCCESSORS } from './lane.ts'

/** What the tests of a file share; there from its first test to its last. */
export interface SharedLanes {
  readonly lane: Lane
  readonly lanes: Lanes
}

/** Prepares the bases, one lane, and several side by side, in each of which one manager succeeds another. */
export function useLanes(): SharedLanes {
  let shared: (SharedLanes & { readonly bases: Bases }) | undefined
  const open = (): SharedLanes => {
    if (shared === undefined) throw new Error('There are no lanes outside of tests.')
    return shared
  }

  beforeAll(async () => {
    const bases = await prepareBases()
    shared = { bases, lane: await openLane(bases, SUCCESSORS), lanes: await openLanes(bases, SUCCESSORS) }
  })

  afterAll(async () => {
    await shared?.lane[Symbol.asyncDispose]()
    await shared?.lanes[Symbol.asyncDispose]()
    await shared?.bases[Symbol.asyncDispose]()
  })

  return {
    get lane() {
      return open().lane
    },
    get lanes() {
      return open().lanes
    },
  }
}
