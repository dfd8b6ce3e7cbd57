import { join } from 'node:path'
import { type DefinitionFile, type DefinitionSource, type Tier, VmunitError } from '@vmunit/core'
import { type FileIssue, issuesError, quote } from '../issues.ts'
import { type Application, checkApplications } from './check-applications.ts'
import { checkLayout } from './check-layout.ts'
import { findDirectory } from './find-directory.ts'
import { inspectFile } from './inspect-file.ts'
import { byPath, type ListLimits, listEntries } from './list-entries.ts'
import { TIER_FILE } from './property-files.ts'
import { readTier } from './read-tier.ts'
import { readVerified } from './read-verified.ts'

export interface ReadDefinitionOptions {
  readonly signal?: AbortSignal | undefined
  /** How many files and directories there may be. Default 20,000. */
  readonly maxFiles?: number | undefined
  /** How many bytes all files together may have. Default 2 GiB. */
  readonly maxBytes?: number | undefined
}

/**
 * Reads and checks a definition directory, and changes nothing.
 *
 * Layout: `<tier>/tier.properties`, `<tier>/version.properties`, `<tier>/app/*.ear|*.zip`, `<tier>/config/**`, and
 * optionally `<tier>/tierlb.properties` and `hook/pre-setup`; anything else is a problem. The property files may stand in
 * `<tier>/vmi/` instead. Each application needs its `cosminexus.xml`, in `<tier>/config/Cosminexus/<name>/META-INF/` or
 * in the archive. No symbolic links at all are accepted below the directory, nor special files. All problems are found at
 * once. The files are hashed now and read again when they are asked for:
 * `read` rejects with `ERR_CONFLICT` when a file has changed in between, before it has given the last of it.
 *
 * @throws {@link VmunitError} `ERR_INVALID_DEFINITION` with `details.issues` (path, line, message) when the directory
 * is missing or anything in it is wrong.
 *
 * @example
 * ```ts
 * import { readDefinition } from '@vmunit/xml-schema'
 *
 * const definition = await readDefinition('./definition')
 * console.log(definition.tiers.map((tier) => tier.id), definition.files.length)
 * ```
 */
export async function readDefinition(
  directory: string,
  options: ReadDefinitionOptions = {},
): Promise<DefinitionSource> {
  if (typeof directory !== 'string') throw new TypeError(`The directory must be a string, not ${typeof directory}.`)
  const { signal, maxFiles = 20_000, maxBytes = 2 * 1024 ** 3 } = options
  signal?.throwIfAborted()
  const root = await findDirectory(directory, { code: 'ERR_INVALID_DEFINITION', what: 'definition directory' })
  const { tiers, files, issues } = await readContents(root, { signal, maxFiles, maxBytes })
  if (issues.length > 0) {
    throw issuesError('ERR_INVALID_DEFINITION', issues, 'repair the definition directory and import it again')
  }
  const byName = new Map(files.map((file) => [file.path, file]))
  return {
    tiers,
    files,
    async *read(path, call = {}) {
      const file = byName.get(path)
      if (file !== undefined) return yield* readVerified(join(root, path), file, call)
      throw new VmunitError('ERR_NOT_FOUND', `The definition has no file ${quote(path)}; its files are in "files".`)
    },
  }
}

interface Contents {
  readonly tiers: readonly Tier[]
  readonly files: readonly DefinitionFile[]
  readonly issues: readonly FileIssue[]
}

async function readContents(root: string, limits: ListLimits): Promise<Contents> {
  const listing = await listEntries(root, limits)
  if (listing.entries.length === 0 && listing.issues.length > 0) return { tiers: [], files: [], issues: listing.issues }
  const layout = checkLayout(listing.entries)
  const issues = [...listing.issues, ...layout.issues]
  const report = (issue: FileIssue): void => {
    issues.push(issue)
  }
  const files: DefinitionFile[] = []
  const applications: Application[] = []
  const properties = new Map<string, Uint8Array>()
  for (const entry of listing.entries) {
    if (entry.kind === 'directory') continue
    const inspected = await inspectFile(root, entry, { signal: limits.signal, report })
    if (inspected === undefined) continue
    files.push(inspected.file)
    if (inspected.content !== undefined) properties.set(entry.path, inspected.content)
    if (inspected.names !== undefined) applications.push({ path: entry.path, names: inspected.names })
  }
  issues.push(...checkApplications(applications, new Set(listing.entries.map(({ path }) => path))))
  const tiers = layout.tierIds.flatMap((id) => readTier(id, properties, report) ?? [])
  if (tiers.length === layout.tierIds.length) checkTiers(tiers, report)
  return { tiers, files, issues: issues.toSorted(byPath) }
}

/** A Web server tier alone serves nobody (spec §2.3); an entry point is one tier's (spec §3.21). */
function checkTiers(tiers: readonly Tier[], report: (issue: FileIssue) => void): void {
  const pools = new Map<string, string>()
  for (const { id, balancer } of tiers) {
    if (balancer === undefined) continue
    const { name, pool, connection } = balancer
    const place = JSON.stringify([connection?.host ?? name, connection?.port, pool])
    const other = pools.get(place)
    if (other !== undefined) {
      const message = `lb.virtualserver.name ${quote(pool)} is that of tier ${other} at the same load balancer`
      report({ path: `${id}/${TIER_FILE}`, message })
    }
    pools.set(place, id)
  }
  if (tiers.some(({ type }) => type === 'j2ee-tier')) return
  for (const { id, type } of tiers) {
    if (type === 'http-tier')
      report({ path: `${id}/${TIER_FILE}`, message: 'an http-tier needs a tier of type j2ee-tier beside it' })
  }
}
