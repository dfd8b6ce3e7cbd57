import type { TreeFile } from '@vmunit/core'
import type { ShellText } from '../commands/quote.ts'
import { pathText } from './tree-paths.ts'

/**
 * Files are checked in groups while later ones still arrive: what reads them back needs another processor than what
 * sends them. A group is complete when the first file of the next one is there, because tar unpacks in order.
 */
const AWAIT_NEXT = `await_next() {
  IFS= read -r following < "checks.$((group + 1)).new"
  following=\${following#* }
  following=$new/\${following#* }
  until [ -e complete.new ] || [ -e "$following" ]; do
    rest 0.2
  done
}
`

/** Reads every file of a group back. */
export const CHECK_HASHES: string = `${AWAIT_NEXT}check_group() {
  ( cd "$new" && sha256sum -c "../checks.$group.new" > ../checked.new 2>/dev/null ) && return 0
  grep -v ': OK$' checked.new > wrong.new
  return 1
}
`

/** Asks for the size of every file of a group. */
export const CHECK_SIZES: string = `${AWAIT_NEXT}check_group() {
  ( cd "$new" && cut -d ' ' -f 3- "../checks.$group.new" | tr '\\n' '\\0' | xargs -0 stat -c '%s %n' ) > checked.new 2>/dev/null
  cut -d ' ' -f 2- "checks.$group.new" | cmp -s - checked.new && return 0
  echo "a size is wrong" > wrong.new
  return 1
}
`

/** How much is checked at once. */
const GROUP_BYTES = 8 * 1_024 ** 2

/** The lines that the guest checks new files by, in groups. Two blanks stand before the path, or a size between them. */
export function checksOf(files: readonly TreeFile[], verify: 'hash' | 'size'): readonly ShellText[] {
  const groups: string[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const { path, hash, sizeBytes } of files) {
    if (bytes >= GROUP_BYTES) {
      groups.push([])
      bytes = 0
    }
    bytes += sizeBytes
    // A name that begins with a dash would be taken for an option, or for standard input.
    const name = `./${pathText(path)}`
    groups.at(-1)?.push(verify === 'hash' ? `${hash}  ${name}\n` : `- ${sizeBytes} ${name}\n`)
  }
  return groups.map((lines) => lines.join(''))
}
