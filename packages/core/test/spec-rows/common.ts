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
  { row: '3.0.6', text: 'a normal end', exitClass: 0 },
  { row: '3.0.7', text: 'a warning end', exitClass: 1 },
  { row: '3.0.8', text: 'an exclusive error', code: 'ERR_CLAIMED', exitClass: 2 },
  { row: '3.0.9', text: 'an abnormal end', code: 'ERR_RUN_FAILED', exitClass: 64 },
]
