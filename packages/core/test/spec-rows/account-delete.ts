import type { SpecRow } from './spec-row.ts'

/** `vmiaccount delete` (spec §3.3); all inferred. */
export const ACCOUNT_DELETE_ROWS: readonly SpecRow[] = [
  { row: '3.3.1', text: 'no such user', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.3.2', text: "the administrator's id given", code: 'ERR_PERMISSION_DENIED', exitClass: 64 },
  { row: '3.3.3', text: 'user authentication linkage is on', code: 'ERR_EXTERNAL_DIRECTORY', exitClass: 64 },
  { row: '3.3.4', text: 'another process holds the lock', code: 'ERR_STORE_BUSY', exitClass: 2 },
  { row: '3.3.5', text: 'the account still owns units', code: 'ERR_WRONG_STATE', exitClass: 64 },
  { row: '3.3.6', text: 'the caller is not the administrator', code: 'ERR_PERMISSION_DENIED', exitClass: 64 },
  { row: '3.3.7', text: 'whoever is deleted is refused from then on', code: 'ERR_UNAUTHENTICATED', exitClass: 64 },
]
