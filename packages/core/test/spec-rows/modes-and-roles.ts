import type { SpecRow } from './spec-row.ts'

/** User authentication linkage, the other mode of account management (spec §1.2). */
export const DIRECTORY_ROWS: readonly SpecRow[] = [
  { row: '1.2.1', text: 'accounts are not managed here', code: 'ERR_EXTERNAL_DIRECTORY', exitClass: 64 },
  { row: '1.2.2', text: 'the owner of a unit is not changed here', code: 'ERR_EXTERNAL_DIRECTORY', exitClass: 64 },
  { row: '1.2.3', text: 'ownership gives no right', code: 'ERR_PERMISSION_DENIED', exitClass: 64 },
  { row: '1.2.4', text: 'what the directory grants gives the right, whoever the owner is', exitClass: 0 },
]

/** Who may do what (spec §1.3): the sentences about access to a unit. */
export const ROLE_ROWS: readonly SpecRow[] = [
  { row: '1.3.1', text: "a builder's unit is the builder's, and the administrator has access too", exitClass: 0 },
  {
    row: '1.3.2',
    text: 'a unit of another builder does not exist for a builder',
    code: 'ERR_NOT_FOUND',
    exitClass: 64,
  },
  { row: '1.3.3', text: "no builder has access to the administrator's unit", code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '1.3.4', text: 'a builder who was the owner loses access at once', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '1.3.5', text: 'the administrator keeps access whoever becomes the owner', exitClass: 0 },
  { row: '1.3.6', text: 'the new owner is another builder or the administrator', exitClass: 0 },
  { row: '1.3.7', text: 'a resource manager works on no unit', code: 'ERR_PERMISSION_DENIED', exitClass: 64 },
  { row: '1.3.8', text: 'open requests are listed for those who may see the unit', exitClass: 0 },
]
