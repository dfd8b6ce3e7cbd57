import type { Tier } from './tier.ts'

/** One file of a definition directory. */
export interface DefinitionFile {
  /** Relative, with forward slashes, no `..`: `web/config/httpd.conf`. */
  readonly path: string
  /** SHA-256 of its bytes, in hexadecimal; also its key in the store. */
  readonly hash: string
  readonly sizeBytes: number
  readonly executable: boolean
}

/** A validated definition directory. The same files and tiers have the same hash, wherever they came from. */
export interface Definition {
  readonly hash: string
  readonly tiers: readonly Tier[]
  /** Ascending by path. */
  readonly files: readonly DefinitionFile[]
}

/** The hook that runs before a server in status `initial` is built (spec §4.8). */
export const PRE_SETUP_HOOK = 'hook/pre-setup'

/** The files that a server of this tier gets: those of its tier, and the hooks. */
export function filesOfTier(definition: Definition, tierId: string): readonly DefinitionFile[] {
  return definition.files.filter((file) => file.path.startsWith(`${tierId}/`) || file.path.startsWith('hook/'))
}
