import type { SpecRow } from './spec-row.ts'

/** `vmiunitadmin create` (spec §3.5); all inferred. */
export const UNIT_CREATE_ROWS: readonly SpecRow[] = [
  { row: '3.5.1', text: 'bad name', code: 'ERR_INVALID_INPUT', exitClass: 64 },
  { row: '3.5.2', text: 'name exists', code: 'ERR_ALREADY_EXISTS', exitClass: 64 },
  { row: '3.5.3', text: 'too long description', code: 'ERR_INVALID_INPUT', exitClass: 64 },
  { row: '3.5.4', text: 'limit reached', code: 'ERR_LIMIT_REACHED', exitClass: 64 },
  { row: '3.5.5', text: 'another process holds the lock', code: 'ERR_STORE_BUSY', exitClass: 2 },
]
