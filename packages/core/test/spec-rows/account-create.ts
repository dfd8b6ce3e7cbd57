import type { SpecRow } from './spec-row.ts'

/** `vmiaccount create` (spec §3.2): rows 1 to 5 are the table, the rest is inferred. */
export const ACCOUNT_CREATE_ROWS: readonly SpecRow[] = [
  { row: '3.2.1', text: 'user id is malformed', code: 'ERR_INVALID_INPUT', exitClass: 64 },
  { row: '3.2.2', text: 'password is malformed', code: 'ERR_INVALID_INPUT', exitClass: 64 },
  { row: '3.2.3', text: 'user id already registered', code: 'ERR_ALREADY_EXISTS', exitClass: 64 },
  { row: '3.2.4', text: "user id equals the administrator's", code: 'ERR_ALREADY_EXISTS', exitClass: 64 },
  { row: '3.2.5', text: 'user authentication linkage is on', code: 'ERR_EXTERNAL_DIRECTORY', exitClass: 64 },
  { row: '3.2.6', text: 'another process holds the lock', code: 'ERR_STORE_BUSY', exitClass: 2 },
  { row: '3.2.7', text: 'the caller is not the administrator', code: 'ERR_PERMISSION_DENIED', exitClass: 64 },
]
