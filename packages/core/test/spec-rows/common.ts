import type { SpecRow } from './spec-row.ts'

/** Conditions that all commands share (spec §3.0); all inferred. */
export const COMMON_ROWS: readonly SpecRow[] = [
  { row: '3.0.1', text: 'bad syntax', code: 'ERR_INVALID_INPUT', exitClass: 64 },
  { row: '3.0.2', text: 'the manager cannot be reached', code: 'ERR_CLOSED', exitClass: 64 },
  { row: '3.0.3', text: 'authentication failed', code: 'ERR_UNAUTHENTICATED', exitClass: 64 },
  {
    row: '3.0.4',
    text: 'no right on the unit: it does not exist for the caller',
    code: 'ERR_NOT_FOUND',
    exitClass: 64,
  },
  { row: '3.0.5', text: 'the wait time expired', exitClass: 64 },
]
