import { realpath, stat } from 'node:fs/promises'
import { type ErrorCode, VmunitError } from '@vmunit/core'
import { type FileIssue, quote } from '../issues.ts'
import { systemErrorCode } from './system-error.ts'

export interface DirectoryKind {
  /** What a directory that is not there is refused with. */
  readonly code: ErrorCode
  /** `definition directory`, for messages. */
  readonly what: string
}

/**
 * The real path of a directory, which itself may be given by a link; it stays the one that was found.
 *
 * @throws {@link VmunitError} with the code of `kind` when it is missing, cannot be read or is none.
 */
export async function findDirectory(directory: string, kind: DirectoryKind): Promise<string> {
  try {
    const root = await realpath(directory)
    if ((await stat(root)).isDirectory()) return root
  } catch (error) {
    const what = systemErrorCode(error) === 'ENOENT' ? 'does not exist' : 'cannot be read'
    throw directoryError(directory, { ...kind, message: `${what}; check the path`, cause: error })
  }
  throw directoryError(directory, { ...kind, message: 'is not a directory; check the path' })
}

function directoryError(
  directory: string,
  { code, what, message, cause }: DirectoryKind & { readonly message: string; readonly cause?: unknown },
): VmunitError {
  const issues: readonly FileIssue[] = [{ path: '.', message: `the ${what} ${message}` }]
  return new VmunitError(code, `The ${what} ${quote(directory)} ${message}.`, { cause, details: { issues } })
}
