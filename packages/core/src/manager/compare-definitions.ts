import type { Definition } from '../domain/definition.ts'
import {
  type DefinitionDifference,
  differingFiles,
  differingTiers,
  scopeBetween,
  type UpdateScope,
} from '../domain/update-scope.ts'

/** What a definition directory has otherwise than the registered one. */
export interface DefinitionComparison {
  readonly equal: boolean
  /** Ascending by path; `added`: the registered one does not have it. */
  readonly files: readonly DefinitionDifference[]
  /** By tier identifier, which stands in `path`. */
  readonly tiers: readonly DefinitionDifference[]
  /** What servers that reflect the registered one would need after an import. */
  readonly scope: UpdateScope
  /** A sentence for each difference: an original command ends with exit code 1 when there is one. */
  readonly warnings: readonly string[]
}

/** What `other` has otherwise than the registered definition. */
export function compareDefinitions(registered: Definition, other: Definition): DefinitionComparison {
  const files = differingFiles(registered, other)
  const tiers = differingTiers(registered, other)
  return {
    equal: files.length === 0 && tiers.length === 0,
    files,
    tiers,
    scope: scopeBetween(registered, other),
    warnings: [
      ...files.map(({ path, change }) => `file ${path} ${SAYS[change]}`),
      ...tiers.map(({ path, change }) => `tier ${path} ${SAYS[change]}`),
    ],
  }
}

const SAYS = {
  added: 'is not in the registered definition',
  removed: 'is only in the registered definition',
  changed: 'differs from the registered definition',
} as const
