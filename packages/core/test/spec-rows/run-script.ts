import type { SpecRow } from './spec-row.ts'

/** `vmiunit script` (spec §3.22); the errors are inferred. */
export const RUN_SCRIPT_ROWS: readonly SpecRow[] = [
  { row: '3.22.1', text: 'any logical status', exitClass: 0 },
  { row: '3.22.2', text: 'the copied files are deleted afterwards', exitClass: 0 },
  { row: '3.22.3', text: 'some failed', code: 'ERR_RUN_FAILED', exitClass: 1 },
  { row: '3.22.4', text: 'all failed', code: 'ERR_RUN_FAILED', exitClass: 64 },
  { row: '3.22.5', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.22.6', text: 'no group', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.22.7', text: 'no such directory', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.22.8', text: 'no user-script in it', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '3.22.9', text: 'another run works on the group', code: 'ERR_CLAIMED', exitClass: 2 },
  { row: '3.22.10', text: 'some servers of one group failed', code: 'ERR_RUN_FAILED', exitClass: 1 },
]
