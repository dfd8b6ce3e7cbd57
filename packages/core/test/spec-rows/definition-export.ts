import type { SpecRow } from './spec-row.ts'

/** `vmiunit export` (spec §3.10), in the order of its text; all inferred. */
export const DEFINITION_EXPORT_ROWS: readonly SpecRow[] = [
  { row: '3.10.1', text: 'the unit does not exist', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.10.2', text: 'nothing is registered', code: 'ERR_NOTHING_REGISTERED', exitClass: 64 },
  { row: '3.10.3', text: 'the target is not empty', code: 'ERR_CONFLICT', exitClass: 64 },
  { row: '3.10.4', text: 'the target cannot be written', code: 'ERR_INVALID_INPUT', exitClass: 64 },
  { row: '3.10.5', text: 'another definition is imported now', code: 'ERR_CLAIMED', exitClass: 2 },
  { row: '3.10.6', text: 'what was registered comes back, and nothing changes', exitClass: 0 },
]
