import type { SpecRow } from './spec-row.ts'

/** Exclusivity (spec §2.5); the scope of the locks is inferred. */
export const EXCLUSION_ROWS: readonly SpecRow[] = [
  { row: '2.5.1', text: 'another run works on the same group', code: 'ERR_CLAIMED', exitClass: 2 },
  { row: '2.5.2', text: 'another run works on another group of the unit', exitClass: 0 },
  { row: '2.5.3', text: 'another run works on another unit', exitClass: 0 },
  { row: '2.5.4', text: 'another process writes the accounts', code: 'ERR_STORE_BUSY', exitClass: 2 },
  { row: '2.5.5', text: 'the run that was in the way has ended', exitClass: 0 },
]
