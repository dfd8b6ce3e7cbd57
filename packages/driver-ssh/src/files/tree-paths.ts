import type { Tree, TreeFile } from '@vmunit/core'
import type { ShellText } from '../commands/quote.ts'
import { VmunitError } from '../errors.ts'

/**
 * Checks that a tree stays in its directory, before anything is sent.
 *
 * @throws VmunitError `ERR_INVALID_INPUT` that names the first path that is not acceptable.
 */
export function checkTree(tree: Tree): void {
  if (!/^\S+$/.test(tree.hash)) throw invalid('The hash of the tree', tree.hash)
  for (const file of tree.files) {
    if (!isInside(file.path)) throw invalid('The path of a file', file.path)
    if (!/^[0-9a-f]{64}$/.test(file.hash)) throw invalid(`The hash of ${file.path}`, file.hash)
    if (!Number.isSafeInteger(file.sizeBytes) || file.sizeBytes < 0) {
      throw invalid(`The size of ${file.path}`, String(file.sizeBytes))
    }
  }
}

function isInside(path: string): boolean {
  // Names end in line feeds when tools exchange them.
  if (path === '' || /[\0\n]/.test(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

function invalid(what: string, value: string): VmunitError {
  return new VmunitError(
    'ERR_INVALID_INPUT',
    `${what} cannot be pushed: ${JSON.stringify(value)}. Paths are relative, without "..", empty parts and line feeds; hashes are SHA-256.`,
    { details: { value } },
  )
}

/** A path as its bytes: names that somebody else has made in the guest need not be UTF-8. */
export function pathText(path: string): ShellText {
  return Buffer.from(path).toString('latin1')
}

/** A line of the manifest that stays in the guest. */
export function manifestLine({ path, hash, executable }: TreeFile): ShellText {
  return `${hash} ${executable ? 'x' : '-'} ${pathText(path)}\n`
}
