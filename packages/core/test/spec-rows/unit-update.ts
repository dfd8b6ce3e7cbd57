import type { SpecRow } from './spec-row.ts'

/** `vmiunit update` (spec §3.14), in the order of its text: row 1 is confirmed, the rest is inferred. */
export const UNIT_UPDATE_ROWS: readonly SpecRow[] = [
  { row: '3.14.1', text: 'a group bears a fault mark', exitClass: 1 },
  { row: '3.14.2', text: 'some servers failed', code: 'ERR_RUN_FAILED', exitClass: 1 },
  { row: '3.14.3', text: 'all servers failed', code: 'ERR_RUN_FAILED', exitClass: 64 },
  { row: '3.14.4', text: 'the unit does not exist', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.14.5', text: 'the unit has no definition directory', code: 'ERR_NOTHING_REGISTERED', exitClass: 64 },
  { row: '3.14.6', text: 'the unit has no servers', exitClass: 1 },
  { row: '3.14.7', text: 'no server is stopped', exitClass: 1 },
  { row: '3.14.8', text: 'another run has a group', code: 'ERR_CLAIMED', exitClass: 2 },
  { row: '3.14.9', text: 'some servers of one group failed', code: 'ERR_RUN_FAILED', exitClass: 1 },
]
