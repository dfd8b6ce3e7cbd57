import type { SpecRow } from './spec-row.ts'

/** `vmiunitadmin list` (spec §3.8); all inferred. */
export const UNIT_LIST_ROWS: readonly SpecRow[] = [
  { row: '3.8.1', text: 'the administrator sees all units with their owners', exitClass: 0 },
  { row: '3.8.2', text: 'a builder sees the own units only', exitClass: 0 },
]
