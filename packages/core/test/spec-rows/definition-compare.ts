/** The rows of spec 3.11 (compare), in the order of its text; all of them are inferred there. */
export const DEFINITION_COMPARE_ROWS = [
  { row: '3.11.1', text: 'the directories are equal', exitClass: 0 },
  { row: '3.11.2', text: 'the directories differ', exitClass: 1 },
  { row: '3.11.3', text: 'the unit does not exist', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.11.3', text: 'nothing is registered', code: 'ERR_NOTHING_REGISTERED', exitClass: 64 },
] as const
