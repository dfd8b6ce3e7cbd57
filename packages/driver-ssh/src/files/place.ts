import { posix } from 'node:path'
import { quote, type ShellText } from '../commands/quote.ts'
import { VmunitError } from '../errors.ts'

/**
 * Where a pushed directory lives in a guest. `to` is a symbolic link to a version in the folder `.<name>.vmunit` beside
 * it; putting another link in its place is what switches.
 */
export interface Place {
  readonly to: string
  readonly parent: string
  /** The name of the folder with the versions, without its parent. */
  readonly folder: string
}

/**
 * Checks the path of a directory in a guest.
 *
 * @throws VmunitError `ERR_INVALID_INPUT` when it is not absolute, has `..`, or is the root.
 */
export function placeOf(to: string): Place {
  const path = guestPath(to)
  if (path === '/') throw invalid(to, 'The root cannot be replaced')
  return { to: path, parent: posix.dirname(path), folder: `.${posix.basename(path)}.vmunit` }
}

/** Checks an absolute path in a guest, and gives it in its shortest form. */
export function guestPath(path: string): string {
  if (!path.startsWith('/')) throw invalid(path, 'A path in a guest must be absolute')
  if (path.split('/').includes('..')) throw invalid(path, 'A path in a guest may not contain ".."')
  if (/[\0\n]/.test(path)) throw invalid(path, 'A path in a guest may hold no line feed and no NUL')
  return posix.resolve('/', path)
}

/** Sets shell variables that the scripts use. */
export function placeVariables({ to, parent, folder }: Place): ShellText {
  return `to=${quote(to)}\nparent=${quote(parent)}\nfolder=${quote(folder)}\nbase="$parent/$folder"\n`
}

function invalid(path: string, why: string): VmunitError {
  return new VmunitError('ERR_INVALID_INPUT', `${why}: "${path}". Correct the path.`, { details: { path } })
}
