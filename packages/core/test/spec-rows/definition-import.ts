import type { SpecRow } from './spec-row.ts'

/** `vmiunit import` (spec §3.9), in the order of its text; all inferred. */
export const DEFINITION_IMPORT_ROWS: readonly SpecRow[] = [
  { row: '3.9.1', text: 'the unit does not exist', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.9.2', text: 'the directory is missing or cannot be read', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '3.9.3', text: 'the structure of the directory is wrong', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '3.9.4', text: 'the content of a file is wrong', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '3.9.5', text: 'a tier in use by attached servers would vanish', code: 'ERR_WRONG_STATE', exitClass: 64 },
  { row: '3.9.6', text: 'another run has the definition of the unit', code: 'ERR_CLAIMED', exitClass: 2 },
  { row: '3.9.7', text: 'a registration that exists is overwritten, and its tiers are known', exitClass: 0 },
  {
    row: '3.9.8',
    text: 'the update scope of each server is all, or applications where only those changed',
    exitClass: 0,
  },
  {
    row: '3.9.9',
    text: 'servers would be left in a pool that the definition does not have any more',
    code: 'ERR_WRONG_STATE',
    exitClass: 64,
  },
]
