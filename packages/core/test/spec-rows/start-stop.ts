import type { SpecRow } from './spec-row.ts'

/** `vmiunit start` (spec §3.15): row 1 and 2 are the manual's, the rest is inferred. */
export const START_ROWS: readonly SpecRow[] = [
  { row: '3.15.1', text: 'traffic asked for, linkage off', code: 'ERR_WRONG_STATE', exitClass: 64 },
  { row: '3.15.2', text: 'a server that works already counts as success', exitClass: 0 },
  { row: '3.15.3', text: 'some failed', code: 'ERR_RUN_FAILED', exitClass: 1 },
  { row: '3.15.4', text: 'none started', code: 'ERR_RUN_FAILED', exitClass: 64 },
  { row: '3.15.5', text: 'a marked group warns', exitClass: 1 },
  { row: '3.15.6', text: 'the definition was never reflected', code: 'ERR_WRONG_STATE', exitClass: 64 },
  { row: '3.15.7', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.15.8', text: 'no group', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.15.9', text: 'another run works on the group', code: 'ERR_CLAIMED', exitClass: 2 },
  {
    row: '3.15.10',
    text: 'the tiers after one that failed are not started, other groups are',
    code: 'ERR_RUN_FAILED',
    exitClass: 1,
  },
  { row: '3.15.11', text: 'tiers start in their order', exitClass: 0 },
  { row: '3.15.12', text: 'the machine is off', code: 'ERR_RUN_FAILED', exitClass: 64 },
  { row: '3.15.13', text: 'some servers of one group failed', code: 'ERR_RUN_FAILED', exitClass: 1 },
  { row: '3.15.14', text: 'of tiers with the same number the j2ee-tier starts before the http-tier', exitClass: 0 },
]

/** `vmiunit stop` (spec §3.16); all inferred. */
export const STOP_ROWS: readonly SpecRow[] = [
  { row: '3.16.1', text: 'a server that is stopped already counts as success', exitClass: 0 },
  { row: '3.16.2', text: 'some failed', code: 'ERR_RUN_FAILED', exitClass: 1 },
  { row: '3.16.3', text: 'none stopped', code: 'ERR_RUN_FAILED', exitClass: 64 },
  { row: '3.16.4', text: 'a marked group warns', exitClass: 1 },
  { row: '3.16.5', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.16.6', text: 'no group', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.16.7', text: 'another run works on the group', code: 'ERR_CLAIMED', exitClass: 2 },
  { row: '3.16.8', text: 'tiers stop in reverse order, and the power stays on', exitClass: 0 },
  { row: '3.16.9', text: 'the load balancer refuses', code: 'ERR_RUN_FAILED', exitClass: 64 },
  { row: '3.16.10', text: 'some servers of one group failed', code: 'ERR_RUN_FAILED', exitClass: 1 },
]

/** The load balancer's side effects (spec §3.21); inferred but rows 2 and 3. */
export const BALANCER_ROWS: readonly SpecRow[] = [
  { row: '3.21.1', text: 'update makes the pool and adds the servers, blocked', exitClass: 0 },
  { row: '3.21.2', text: 'block and unblock disable and enable the forwarding', exitClass: 0 },
  { row: '3.21.3', text: 'start unblocks after the start', exitClass: 0 },
  { row: '3.21.4', text: 'stop blocks before the stop', exitClass: 0 },
  { row: '3.21.5', text: 'detach removes the servers from the pool', exitClass: 0 },
  { row: '3.21.6', text: 'the deletion of a unit removes its pools', exitClass: 0 },
]
