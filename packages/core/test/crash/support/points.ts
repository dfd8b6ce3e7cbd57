import { appendFileSync } from 'node:fs'

/** How often one operation was interrupted at one kind of moment, and came to the same end. */
export interface Points {
  readonly operation: string
  readonly moment: string
  /** How many moments were appointed. */
  readonly points: number
  /** At how many of them the manager was still at work. */
  readonly killed: number
}

/** Adds a row to the table that `npm run crash` prints; nothing without that command. Called after all points passed. */
export function notePoints(points: Points): void {
  const file = process.env['VMUNIT_CRASH_TABLE']
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(points)}\n`)
}
