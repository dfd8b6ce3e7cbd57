import type { SpecRow } from './spec-row.ts'

/** `vmiunit status` (spec §3.19): the samples, then inferred. */
export const UNIT_STATUS_ROWS: readonly SpecRow[] = [
  { row: '3.19.1', text: 'servers ascending by identifier, with every field of the sample', exitClass: 0 },
  {
    row: '3.19.2',
    text: 'the unit counts all, active and invalid servers, and says whether its definition is reflected',
    exitClass: 0,
  },
  { row: '3.19.3', text: 'a group counts its servers and shows its mark', exitClass: 0 },
  { row: '3.19.4', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.19.5', text: 'no group', code: 'ERR_NOT_FOUND', exitClass: 64 },
]
