import type { SpecRow } from './spec-row.ts'

/** `vmiunitadmin changeowner` (spec §3.7); all inferred. */
export const UNIT_CHANGE_OWNER_ROWS: readonly SpecRow[] = [
  { row: '3.7.1', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.7.2', text: 'no such account', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.7.3', text: 'user authentication linkage is on', code: 'ERR_EXTERNAL_DIRECTORY', exitClass: 64 },
  { row: '3.7.4', text: 'another process holds the lock', code: 'ERR_STORE_BUSY', exitClass: 2 },
  { row: '3.7.5', text: 'the caller is not the administrator', code: 'ERR_PERMISSION_DENIED', exitClass: 64 },
]
