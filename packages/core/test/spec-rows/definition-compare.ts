import type { SpecRow } from './spec-row.ts'

/** `vmiunit compare` (spec §3.11), in the order of its text; all inferred. */
export const DEFINITION_COMPARE_ROWS: readonly SpecRow[] = [
  { row: '3.11.1', text: 'the directories are equal', exitClass: 0 },
  { row: '3.11.2', text: 'the directories differ', exitClass: 1 },
  { row: '3.11.3', text: 'the unit does not exist', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.11.4', text: 'nothing is registered', code: 'ERR_NOTHING_REGISTERED', exitClass: 64 },
]
