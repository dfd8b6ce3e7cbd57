import type { SpecRow } from './spec-row.ts'

/** `vmiunit list`, `mark` and `unmark` (spec §3.20), the errors inferred. */
export const GROUP_MARK_ROWS: readonly SpecRow[] = [
  { row: '3.20.1', text: 'list: the servers of the unit', exitClass: 0 },
  { row: '3.20.2', text: 'mark stores comment and time', exitClass: 0 },
  { row: '3.20.3', text: 'a marked group warns when it is started', exitClass: 1 },
  { row: '3.20.4', text: 'a marked group warns when it is stopped', exitClass: 1 },
  { row: '3.20.5', text: 'a marked group warns when it is updated', exitClass: 1 },
  { row: '3.20.6', text: 'unmark takes the mark off', exitClass: 0 },
  { row: '3.20.7', text: 'unmark of a group without a mark', exitClass: 1 },
  { row: '3.20.8', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.20.9', text: 'no group', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.20.10', text: 'comment is malformed', code: 'ERR_INVALID_INPUT', exitClass: 64 },
  { row: '3.20.11', text: 'a marked group warns also when there is nothing to do', exitClass: 1 },
]
