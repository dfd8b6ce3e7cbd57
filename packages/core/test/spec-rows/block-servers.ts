import type { SpecRow } from './spec-row.ts'

/** `vmiunit block` and `unblock` (spec §3.17); all inferred. */
export const BLOCK_SERVERS_ROWS: readonly SpecRow[] = [
  { row: '3.17.1', text: 'load balancer linkage off', code: 'ERR_WRONG_STATE', exitClass: 64 },
  { row: '3.17.2', text: 'the load balancer refuses', code: 'ERR_RUN_FAILED', exitClass: 64 },
  { row: '3.17.3', text: 'already in that state', exitClass: 0 },
  { row: '3.17.4', text: 'a marked group warns', exitClass: 1 },
  { row: '3.17.5', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.17.6', text: 'no group', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.17.7', text: 'another run works on the group', code: 'ERR_CLAIMED', exitClass: 2 },
  { row: '3.17.8', text: 'unblock of a server that does not work', code: 'ERR_WRONG_STATE', exitClass: 64 },
]
