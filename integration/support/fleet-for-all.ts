import { afterAll, beforeAll } from 'vitest'
import type { Site } from '../site/site.ts'
import { createFleet, type Fleet } from './fleet.ts'

/** How long the parts of a site and a unit on it may take. */
const OPENING_MS = 300_000

/**
 * Opens a site with a manager over it before the first test of the group that this is called in, and closes both after
 * the last. The tests get hold of them, and find what they begin with, by `prepare`.
 */
export function fleetForAll<OneSite extends Site>(
  open: () => Promise<OneSite>,
  prepare: (fleet: Fleet, site: OneSite) => Promise<void>,
): void {
  const opened = new AsyncDisposableStack()
  beforeAll(async () => {
    const site = opened.use(await open())
    await prepare(opened.use(await createFleet(site)), site)
  }, OPENING_MS)
  afterAll(async () => await opened.disposeAsync(), 60_000)
}
