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

/** Holds the password of a load balancer, so no server gets it (spec §4.5). */
const BALANCER_FILE = /^[^/]+\/(?:vmi\/)?tierlb\.properties$/

/** An application, or its attributes (spec §4.2). */
const APPLICATION_FILE = /^[^/]+\/(?:app\/[^/]+|config\/Cosminexus\/[^/]+\/META-INF\/cosminexus\.xml)$/

/** The files that a server of this tier gets: those of its tier but the balancer's, and the hooks. */
export function filesOfTier(definition: Definition, tierId: string): readonly DefinitionFile[] {
  return definition.files.filter(
    ({ path }) => (path.startsWith(`${tierId}/`) && !BALANCER_FILE.test(path)) || path.startsWith('hook/'),
  )
}

/** The file that says how the tier's own balancer connection is made, password included. */
export function balancerFileOf(definition: Definition, tierId: string): DefinitionFile | undefined {
  return definition.files.find(({ path }) => path.startsWith(`${tierId}/`) && BALANCER_FILE.test(path))
}

/** Whether the file belongs to an application, so that a change of it needs no rebuild of the server. */
export function isApplicationFile(path: string): boolean {
  return APPLICATION_FILE.test(path)
}

/** Whether a path stays in the directory that it is joined to, on every system. */
export function isSafePath(path: string): boolean {
  const parts = path.split('/')
  return !/[\p{Cc}\\]/u.test(path) && parts.every((part) => part !== '' && part !== '.' && part !== '..')
}
