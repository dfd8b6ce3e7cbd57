import type { SpecRow } from './spec-row.ts'

/** `vmiunit attach` (spec §3.12): rows 1 to 6 are the table, the rest is inferred. */
export const ATTACH_GROUPS_ROWS: readonly SpecRow[] = [
  { row: '3.12.1', text: 'the unit does not exist', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.12.2', text: 'the group information file is malformed', code: 'ERR_INVALID_FILE', exitClass: 64 },
  {
    row: '3.12.3',
    text: 'the unit has no registered definition directory',
    code: 'ERR_NOTHING_REGISTERED',
    exitClass: 64,
  },
  { row: '3.12.4', text: 'a group of the same name exists already', exitClass: 1 },
  { row: '3.12.5', text: 'a tier is not in the definition directory', code: 'ERR_UNKNOWN_TIER', exitClass: 64 },
  { row: '3.12.6', text: 'an address appears twice in the file', code: 'ERR_DUPLICATE_ADDRESS', exitClass: 64 },
  { row: '3.12.7', text: 'an identifier is registered already', code: 'ERR_ALREADY_EXISTS', exitClass: 64 },
  { row: '3.12.8', text: 'a service address is registered already', code: 'ERR_ALREADY_EXISTS', exitClass: 64 },
  { row: '3.12.9', text: 'the file cannot be read as text', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '3.12.10', text: 'the file is larger than the limit', code: 'ERR_UNSAFE_FILE', exitClass: 64 },
  { row: '3.12.11', text: 'a guest that does not answer is attached all the same', exitClass: 0 },
  {
    row: '3.12.12',
    text: 'declarations that come from no file are malformed',
    code: 'ERR_INVALID_INPUT',
    exitClass: 64,
  },
  { row: '3.12.13', text: 'another run attaches the group or one of its addresses', code: 'ERR_CLAIMED', exitClass: 2 },
  {
    row: '3.12.14',
    text: 'an address appears twice and a tier is not known: the address is told first, as a file is validated',
    code: 'ERR_DUPLICATE_ADDRESS',
    exitClass: 64,
  },
]
