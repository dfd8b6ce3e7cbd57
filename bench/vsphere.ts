import { existsSync } from 'node:fs'
import { ensureRequirements } from '@vmunit/testbed'
import type { Report } from './report.ts'
import { measureCalls } from './vsphere/calls.ts'
import { measureInventory } from './vsphere/inventory.ts'

/** The driver on a vCenter API, beside curl, govmomi and pyvmomi. Needs Go, Python and root. */
export async function run(report: Report): Promise<void> {
  const built = new URL('../packages/driver-vsphere/dist/index.js', import.meta.url)
  if (!existsSync(built)) throw new Error('There is no build of @vmunit/driver-vsphere: run npm run build first.')
  await ensureRequirements()
  await measureCalls(report)
  await measureInventory(report)
}
