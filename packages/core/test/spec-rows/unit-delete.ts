import type { SpecRow } from './spec-row.ts'

/** `vmiunitadmin delete` (spec §3.6); all inferred. */
export const UNIT_DELETE_ROWS: readonly SpecRow[] = [
  { row: '3.6.1', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.6.2', text: 'unit still has groups', code: 'ERR_WRONG_STATE', exitClass: 64 },
  { row: '3.6.3', text: 'the request to the load balancer failed', code: 'ERR_UNAVAILABLE', exitClass: 64 },
  { row: '3.6.4', text: 'a run works on the unit', code: 'ERR_CLAIMED', exitClass: 2 },
]
