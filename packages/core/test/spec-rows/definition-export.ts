/** The rows of spec 3.10 (export), in the order of its text; all of them are inferred there. */
export const DEFINITION_EXPORT_ROWS = [
  { row: '3.10.1', text: 'the unit does not exist', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.10.2', text: 'nothing is registered', code: 'ERR_NOTHING_REGISTERED', exitClass: 64 },
  { row: '3.10.3', text: 'the target is not empty', code: 'ERR_CONFLICT', exitClass: 64 },
  { row: '3.10.3', text: 'the target cannot be written', code: 'ERR_INVALID_INPUT', exitClass: 64 },
  { row: '3.10.4', text: 'another definition is imported now', code: 'ERR_CLAIMED', exitClass: 2 },
] as const
