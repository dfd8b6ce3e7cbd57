import { createHash } from 'node:crypto'
import type { Tree } from '@vmunit/core'

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** A tree of literal files, and how many bytes of it were read. A name that ends in `*` is a program. */
export function treeOf(
  content: Readonly<Record<string, string | Uint8Array>>,
): Tree & { readonly bytesRead: () => number } {
  const bytes = new Map<string, Uint8Array>()
  let read = 0
  const files = Object.entries(content)
    .map(([name, value]) => {
      const data = Buffer.from(value as string)
      const hash = sha256(data)
      bytes.set(hash, data)
      return { path: name.replace(/\*$/, ''), hash, sizeBytes: data.length, executable: name.endsWith('*') }
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return {
    hash: sha256(JSON.stringify(files)),
    files,
    bytesRead: () => read,
    async *read(hash) {
      const data = bytes.get(hash) ?? Buffer.alloc(0)
      for (let at = 0; at < data.length; at += 65_536) {
        const chunk = data.subarray(at, at + 65_536)
        read += chunk.length
        yield chunk
      }
    },
  }
}
