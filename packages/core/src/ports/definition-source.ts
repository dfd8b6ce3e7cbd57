import type { DefinitionFile } from '../domain/definition.ts'
import type { Tier } from '../domain/tier.ts'
import type { Call } from './call.ts'

/** A validated definition directory before it is registered: its tiers, its files, and where their bytes come from. */
export interface DefinitionSource {
  readonly tiers: readonly Tier[]
  /** Ascending by path. */
  readonly files: readonly DefinitionFile[]
  /** The bytes of one of its files, found by path. */
  read(path: string, call?: Call): AsyncIterable<Uint8Array>
}
