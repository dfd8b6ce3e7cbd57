import type { Definition } from '../domain/definition.ts'
import { definitionParser } from '../domain/parsers.ts'
import type { Principal } from '../domain/principal.ts'
import type { UpdateScope } from '../domain/update-scope.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import { canonicalJson } from '../internal/canonical-json.ts'
import { sha256 } from '../internal/sha256.ts'
import type { DefinitionSource } from '../ports/definition-source.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { compareDefinitions, type DefinitionComparison } from './compare-definitions.ts'
import { parseInput } from './parse-input.ts'
import { readRegistered } from './registered-definition.ts'
import { updateScopesOf } from './update-scopes.ts'

/** Definition directories by content, and those that are registered with units (manual 7.4.2). */
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
  /**
   * The registered definition directory of a unit, to be written by `writeDefinition` of `@vmunit/xml-schema`.
   *
   * Changes nothing. What it reads stays the same whatever is imported afterwards.
   *
   * @throws {@link VmunitError} `ERR_NOT_FOUND`, `ERR_NOTHING_REGISTERED`, `ERR_CLAIMED` while another one is imported.
   */
  export(unit: string, call?: Call): Promise<DefinitionSource>
  /**
   * Compares a definition directory with the registered one of a unit, and changes nothing.
   *
   * @throws {@link VmunitError} `ERR_NOT_FOUND`, `ERR_NOTHING_REGISTERED`.
   */
  compare(unit: string, source: Pick<DefinitionSource, 'tiers' | 'files'>, call?: Call): Promise<DefinitionComparison>
  /** What of the registered definition is yet to be reflected, by slot. Rejects with `ERR_NOT_FOUND`. */
  scopes(unit: string, call?: Call): Promise<ReadonlyMap<string, UpdateScope>>
}

export interface DefinitionsOptions {
  readonly store: StateStore
  readonly principal: Principal
}

export function createDefinitions({ store, principal }: DefinitionsOptions): Definitions {
  const access = { store, principal }
  return {
    async add(source, call = {}) {
      const definition = identified(source)
      for (const { path, hash: expected } of source.files) {
        const stored = await store.putBlob(source.read(path, call), call)
        if (stored !== expected) {
          throw new VmunitError('ERR_CONFLICT', `File ${path} changed while it was read. Read the directory again.`, {
            details: { path },
          })
        }
      }
      const { hash } = definition
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
    async export(unit, call = {}) {
      const { tiers, files } = await readRegistered(access, { unit, mustBeFree: true }, call)
      const byPath = new Map(files.map((file) => [file.path, file]))
      return {
        tiers,
        files,
        async *read(path, options) {
          const file = byPath.get(path)
          if (file !== undefined) return yield* store.getBlob(file.hash, options)
          throw new VmunitError('ERR_NOT_FOUND', `The definition of unit ${unit} has no file ${path}.`, {
            details: { unit, path },
          })
        },
      }
    },
    async compare(unit, source, call = {}) {
      const registered = await readRegistered(access, { unit, mustBeFree: false }, call)
      return compareDefinitions(registered, identified(source))
    },
    scopes: async (unit, call = {}) => await updateScopesOf(access, unit, call),
  }
}

/** The content of a definition with its identity. */
function identified(source: Pick<DefinitionSource, 'tiers' | 'files'>): Definition {
  const content = JSON.parse(JSON.stringify({ tiers: source.tiers, files: source.files })) as object
  return parseInput(definitionParser, { ...content, hash: sha256(canonicalJson(content)) }, 'definitions')
}
