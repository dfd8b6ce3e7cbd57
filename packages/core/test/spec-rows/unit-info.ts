import type { SpecRow } from './spec-row.ts'

/** `vmiunit info` (spec §3.18): the sample, and the other mode. */
export const UNIT_INFO_ROWS: readonly SpecRow[] = [
  { row: '3.18.1', text: 'name, owner, description, and the identifier and type of each tier', exitClass: 0 },
  { row: '3.18.2', text: 'with user authentication linkage: name and description only', exitClass: 0 },
  { row: '3.18.3', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
]
