import type { SpecRow } from './spec-row.ts'

/** Password change and list (spec §3.4); all inferred. */
export const ACCOUNT_PASSWORD_ROWS: readonly SpecRow[] = [
  { row: '3.4.1', text: 'no such user', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.4.2', text: 'the old password is wrong', code: 'ERR_UNAUTHENTICATED', exitClass: 64 },
  { row: '3.4.3', text: 'the new password is malformed', code: 'ERR_INVALID_INPUT', exitClass: 64 },
  { row: '3.4.4', text: 'user authentication linkage is on', code: 'ERR_EXTERNAL_DIRECTORY', exitClass: 64 },
  { row: '3.4.5', text: 'another process holds the lock', code: 'ERR_STORE_BUSY', exitClass: 2 },
  { row: '3.4.6', text: 'a builder names somebody else', code: 'ERR_PERMISSION_DENIED', exitClass: 64 },
  { row: '3.4.7', text: 'a builder lists the accounts', code: 'ERR_PERMISSION_DENIED', exitClass: 64 },
  { row: '3.4.8', text: 'the administrator omits the old password', exitClass: 0 },
  { row: '3.4.9', text: 'the administrator lists the accounts by name', exitClass: 0 },
]
