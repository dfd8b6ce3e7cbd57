import { createHash } from 'node:crypto'
import type { DefinitionSource } from '@vmunit/core'

/** A directory without tiers that exists in memory only; what begins like a script is executable. */
export function directoryOf(texts: Readonly<Record<string, string>>): DefinitionSource {
  const files = Object.entries(texts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => ({
      path,
      hash: createHash('sha256').update(text).digest('hex'),
      sizeBytes: Buffer.byteLength(text),
      executable: text.startsWith('#!'),
    }))
  return {
    tiers: [],
    files,
    async *read(path) {
      yield Buffer.from(texts[path] ?? '')
    },
  }
}
