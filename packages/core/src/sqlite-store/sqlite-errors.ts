import { isVmunitError, VmunitError } from '../errors/index.ts'

const PRIMARY_CODE = 0xff
const BUSY = [5, 6]
const UNWRITABLE = [3, 8, 10, 13, 14]
const NOT_A_DATABASE = 26
/** 1 is among them since our statements never change: when one is wrong, a table is not what it was. */
const DAMAGED = [1, 11, NOT_A_DATABASE]

/** A page that is behind the end of the file: nothing that passes. */
const SHORT_READ = 522

function extendedCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode
}

function primaryCode(error: unknown): number | undefined {
  const code = extendedCode(error)
  return code === undefined ? undefined : code & PRIMARY_CODE
}

/** Whether SQLite gave up because somebody else has the file locked. */
export function isBusy(error: unknown): boolean {
  return BUSY.includes(primaryCode(error) ?? 0)
}

/** Whether the file is something else than an SQLite database. */
export function isNotDatabase(error: unknown): boolean {
  return primaryCode(error) === NOT_A_DATABASE
}

/** What SQLite threw, as an error of ours; what is ours or a mistake of the caller stays as it is. `of`: what was read. */
export function mapSqliteError(
  error: unknown,
  path: string,
  of: Readonly<Record<string, string | number>> = {},
): unknown {
  if (isVmunitError(error) || error instanceof TypeError) return error
  const code = primaryCode(error) ?? 0
  const details = { path, ...of }
  // node:sqlite refuses integers that no number of ours can be.
  const outOfRange = error instanceof RangeError
  if (DAMAGED.includes(code) || extendedCode(error) === SHORT_READ || outOfRange) {
    const where = Object.entries(of)
      .map(([kind, name]) => `, at ${kind} ${name}`)
      .join('')
    return new VmunitError('ERR_STORE_DAMAGED', `The store ${path} is damaged${where}: restore a backup.`, {
      cause: error,
      details,
    })
  }
  if (UNWRITABLE.includes(code)) {
    const message = `The store ${path} cannot be used: check its directory, its permissions and the space on its disk.`
    return new VmunitError('ERR_UNAVAILABLE', message, { cause: error, details, retryable: true })
  }
  return new VmunitError('ERR_INTERNAL', `SQLite refused what the store ${path} asked for.`, { cause: error, details })
}
