/** The rows of spec 3.9 (import), in the order of its text; all of them are inferred there. */
export const DEFINITION_IMPORT_ROWS = [
  { row: '3.9.1', text: 'the unit does not exist', code: 'ERR_NOT_FOUND', exitClass: 64 },
  { row: '3.9.2', text: 'the directory is missing or cannot be read', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '3.9.3', text: 'the structure of the directory is wrong', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '3.9.4', text: 'the content of a file is wrong', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '3.9.5', text: 'a tier in use by attached servers would vanish', code: 'ERR_WRONG_STATE', exitClass: 64 },
  { row: '3.9.6', text: 'another run has the definition of the unit', code: 'ERR_CLAIMED', exitClass: 2 },
] as const
