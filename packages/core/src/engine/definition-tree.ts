import { filesOfTier } from '../domain/definition.ts'
import { definitionParser } from '../domain/parsers.ts'
import { VmunitError } from '../errors/index.ts'
import { canonicalJson } from '../internal/canonical-json.ts'
import { sha256 } from '../internal/sha256.ts'
import type { Call, StateStore, Tree } from '../ports/index.ts'
import { keys } from './documents.ts'

/**
 * The files that servers of a tier get from a definition, or all files of a directory that has no tiers; their bytes
 * come from the store's blobs.
 */
export async function definitionTree(
  store: StateStore,
  { hash, tierId }: { readonly hash: string; readonly tierId: string | undefined },
  call: Call = {},
): Promise<Tree> {
  const [document] = await store.get([keys.definition(hash)], call)
  if (document === undefined) {
    throw new VmunitError(
      'ERR_NOT_FOUND',
      `The definition ${hash.slice(0, 12)} is not in the store. Import it again.`,
      {
        details: { definition: hash },
      },
    )
  }
  const definition = definitionParser.parse(document.value)
  const files = tierId === undefined ? definition.files : filesOfTier(definition, tierId)
  return { hash: sha256(canonicalJson(files)), files, read: (file, options) => store.getBlob(file, options) }
}
