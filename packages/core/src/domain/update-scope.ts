import { canonicalJson } from '../internal/canonical-json.ts'
import { type Definition, type DefinitionFile, isApplicationFile } from './definition.ts'
import type { VirtualServer } from './management-unit.ts'

/** What of the registered definition is yet to be reflected on a server (spec §2.4). */
export type UpdateScope = 'none' | 'applications' | 'all'

/** What two definitions differ in. */
export interface DefinitionDifference {
  readonly path: string
  /** Seen from the first of the two: `added` is only in the second. */
  readonly change: 'added' | 'removed' | 'changed'
}

/** The content of a definition; where its bytes are does not matter. */
export type DefinitionContent = Pick<Definition, 'tiers' | 'files'>

/** The files in which two definitions differ, ascending by path. */
export function differingFiles(from: DefinitionContent, to: DefinitionContent): readonly DefinitionDifference[] {
  const before = new Map(from.files.map((file) => [file.path, file]))
  const after = new Map(to.files.map((file) => [file.path, file]))
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return paths.flatMap((path) => changeOf(path, before.get(path), after.get(path)))
}

/** The tiers in which two definitions differ, by identifier. */
export function differingTiers(from: DefinitionContent, to: DefinitionContent): readonly DefinitionDifference[] {
  const before = new Map(from.tiers.map((tier) => [tier.id, canonicalJson(tier)]))
  const after = new Map(to.tiers.map((tier) => [tier.id, canonicalJson(tier)]))
  const ids = [...new Set([...before.keys(), ...after.keys()])].sort()
  return ids.flatMap((id) => changeOf(id, before.get(id), after.get(id)))
}

/** How much of `to` a server needs that reflects `from`. */
export function scopeBetween(from: DefinitionContent, to: DefinitionContent): UpdateScope {
  if (differingTiers(from, to).length > 0) return 'all'
  const files = differingFiles(from, to)
  if (files.length === 0) return 'none'
  return files.every(({ path }) => isApplicationFile(path)) ? 'applications' : 'all'
}

/** Says of a server what of the registered definition it needs. */
export type UpdateScopes = (server: Pick<VirtualServer, 'status' | 'definitionHash'>) => UpdateScope

/**
 * Compares what servers reflect with the registered definition; each pair of definitions once.
 *
 * `all` for a server that was never built, that an update left half done, or of which nobody knows any more what it
 * reflects.
 */
export function updateScopes(
  registered: string | undefined,
  definitions: ReadonlyMap<string, DefinitionContent>,
): UpdateScopes {
  const known = new Map<string, UpdateScope>()
  const to = registered === undefined ? undefined : definitions.get(registered)

  function between(hash: string): UpdateScope {
    const from = definitions.get(hash)
    const scope = known.get(hash) ?? (from === undefined || to === undefined ? 'all' : scopeBetween(from, to))
    known.set(hash, scope)
    return scope
  }

  return ({ status, definitionHash }) => {
    if (registered === undefined) return 'none'
    if (status === 'initial' || status === 'updating' || status === 'fault(updating)') return 'all'
    if (definitionHash === registered) return 'none'
    return definitionHash === undefined ? 'all' : between(definitionHash)
  }
}

function changeOf<T extends string | DefinitionFile>(
  path: string,
  before: T | undefined,
  after: T | undefined,
): readonly DefinitionDifference[] {
  if (before === undefined) return [{ path, change: 'added' }]
  if (after === undefined) return [{ path, change: 'removed' }]
  return isSame(before, after) ? [] : [{ path, change: 'changed' }]
}

function isSame(a: string | DefinitionFile, b: string | DefinitionFile): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return a.hash === b.hash && a.executable === b.executable
}
