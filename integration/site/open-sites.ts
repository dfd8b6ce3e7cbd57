import { openSimulatorSite } from './simulator-site.ts'
import type { Site } from './site.ts'
import { openTestbedSite } from './testbed-site.ts'

/** A site by name; each call opens a new one. */
export interface SiteOpener {
  readonly name: Site['name']
  open(): Promise<Site>
}

/** Every site there is. */
export function openSites(): readonly SiteOpener[] {
  return [
    { name: 'simulator', open: openSimulatorSite },
    { name: 'testbed', open: openTestbedSite },
  ]
}
