import type { SpecRow } from './spec-row.ts'

/** `vmiunit detach` (spec §3.13); all inferred. */
export const DETACH_GROUPS_ROWS: readonly SpecRow[] = [
  { row: '3.13.1', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.13.2', text: 'no group', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.13.3', text: 'the group still runs', code: 'ERR_WRONG_STATE', exitClass: 64 },
  { row: '3.13.4', text: 'the load balancer refuses', code: 'ERR_RUN_FAILED', exitClass: 64 },
  { row: '3.13.5', text: 'another run works on the group', code: 'ERR_CLAIMED', exitClass: 2 },
]
