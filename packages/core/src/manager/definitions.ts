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
   * @throws {@link VmunitError} `ERR_CONFLICT` when a file changed while it was read; `ERR_INVALID_DEFINITION` for a file
   * or tier that is in it twice.
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
      for (const { path, hash: expected, sizeBytes } of source.files) {
        const counted = counting(source.read(path, call))
        const stored = await store.putBlob(counted.bytes, call)
        if (stored !== expected || counted.size() !== sizeBytes) {
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

/** Bytes on their way, and how many there have been. */
function counting(source: AsyncIterable<Uint8Array>): {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly size: () => number
} {
  let size = 0
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      size += chunk.length
      yield chunk
    }
  }
  return { bytes: counted(), size: () => size }
}

/** Refuses what no guest could be given: only in a run would that be noticed. */
function checkOnce(names: readonly string[], what: string): void {
  const known = new Set<string>()
  const twice = names.find((name) => known.size === known.add(name).size)
  if (twice === undefined) return
  throw new VmunitError('ERR_INVALID_DEFINITION', `The definition has ${what} ${twice} twice. Leave one of them out.`, {
    details: { [what]: twice },
  })
}

/** The content of a definition with its identity. */
function identified(source: Pick<DefinitionSource, 'tiers' | 'files'>): Definition {
  const content = JSON.parse(JSON.stringify({ tiers: source.tiers, files: source.files })) as object
  const definition = parseInput(definitionParser, { ...content, hash: sha256(canonicalJson(content)) }, 'definitions')
  checkOnce(
    definition.files.map(({ path }) => path),
    'file',
  )
  checkOnce(
    definition.tiers.map(({ id }) => id),
    'tier',
  )
  return definition
}
