import type { Definition } from '../domain/definition.ts'
import { definitionParser } from '../domain/parsers.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import { canonicalJson } from '../internal/canonical-json.ts'
import { sha256 } from '../internal/sha256.ts'
import type { DefinitionSource } from '../ports/definition-source.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { parseInput } from './parse-input.ts'

/** Definition directories by content. */
export interface Definitions {
  /**
   * Takes a definition directory in, so that `importDefinition` can register it and runs can push it from any process.
   *
   * Changes no unit. The same content twice is stored once; a broken-off call leaves nothing that counts.
   *
   * @throws {@link VmunitError} `ERR_CONFLICT` when a file changed while it was read.
   */
  add(source: DefinitionSource, call?: Call): Promise<Definition>
  /** Rejects with `ERR_NOT_FOUND`. */
  get(hash: string, call?: Call): Promise<Definition>
}

export function createDefinitions({ store }: { readonly store: StateStore }): Definitions {
  return {
    async add(source, call = {}) {
      const content = JSON.parse(JSON.stringify({ tiers: source.tiers, files: source.files })) as object
      const hash = sha256(canonicalJson(content))
      const definition = parseInput(definitionParser, { ...content, hash }, 'definitions.add')
      for (const { path, hash: expected } of source.files) {
        const stored = await store.putBlob(source.read(path, call), call)
        if (stored !== expected) {
          throw new VmunitError('ERR_CONFLICT', `File ${path} changed while it was read. Read the directory again.`, {
            details: { path },
          })
        }
      }
      await commitUpdates(store, { updates: [{ key: keys.definition(hash), update: () => plain(definition) }] }, call)
      return definition
    },
    async get(hash, call = {}) {
      const [document] = await store.get([keys.definition(hash)], call)
      if (document === undefined) {
        throw new VmunitError('ERR_NOT_FOUND', `There is no definition ${hash}.`, { details: { definition: hash } })
      }
      return definitionParser.parse(document.value)
    },
  }
}
