import { NAME_PATTERN, NAME_RULE } from '@vmunit/core'
import { type FileIssue, quote } from '../issues.ts'
import type { Entry } from './list-entries.ts'
import { BALANCER_FILE, isPropertyFile, placesOf, REQUIRED_FILES, TIER_FILE, VERSION_FILE } from './property-files.ts'

/** Applications are EAR or ZIP files, directly in `app/` (spec §2.2). */
const ARCHIVE = /^[^/]+\/app\/[^/]+\.(?:ear|zip)$/i

/** The only thing in `hook/` (spec §4.8). */
const HOOK = 'pre-setup'

/** The tiers that a definition directory has by its layout, and what is in it that does not belong there. */
export interface Layout {
  readonly tierIds: readonly string[]
  readonly issues: readonly FileIssue[]
}

/** Checks which files and directories there are, not what is in them. */
export function checkLayout(entries: readonly Entry[]): Layout {
  const files = new Set(entries.filter(({ kind }) => kind === 'file').map(({ path }) => path))
  if (isOlderGeneration(files)) return { tierIds: [], issues: [OLDER_GENERATION] }
  const tops = entries.filter(({ kind, path }) => kind === 'directory' && !path.includes('/')).map(({ path }) => path)
  const tierIds = tops.filter((name) => name !== 'hook')
  const issues: FileIssue[] = []
  if (tierIds.length === 0) {
    issues.push({
      path: '.',
      message: `there is no tier, but each tier is a directory with ${TIER_FILE} and ${VERSION_FILE}`,
    })
  }
  for (const entry of entries) {
    const message = checkEntry(entry)
    if (message !== undefined) issues.push({ path: entry.path, message })
  }
  for (const tierId of tierIds) issues.push(...checkPropertyFiles(tierId, files))
  return { tierIds, issues }
}

/** 08-70 had one set of properties for the whole unit (spec §0.3). */
function isOlderGeneration(files: ReadonlySet<string>): boolean {
  return files.has('vmi/unit.properties') || files.has('vmi/unitlb.properties')
}

const OLDER_GENERATION: FileIssue = {
  path: 'vmi',
  message:
    'this is a definition directory of version 08-70 (make a directory for each tier, with ' +
    `${TIER_FILE} in place of unit.properties, ${BALANCER_FILE} in place of unitlb.properties, and its app/ and config/)`,
}

/** Each property file is there where it is needed, and in one place only. */
function checkPropertyFiles(tierId: string, files: ReadonlySet<string>): readonly FileIssue[] {
  const issues: FileIssue[] = []
  for (const name of [...REQUIRED_FILES, BALANCER_FILE]) {
    const [place = '', ...others] = placesOf(tierId, name).filter((path) => files.has(path))
    if (others.length > 0)
      issues.push({ path: others[0] ?? place, message: `the file is there twice, also as ${place}` })
    if (place === '' && name !== BALANCER_FILE)
      issues.push({ path: `${tierId}/${name}`, message: 'the file is missing' })
  }
  return issues
}

/** What is wrong with an entry where it stands; what is below a wrong directory is not reported again. */
function checkEntry({ kind, path }: Entry): string | undefined {
  const [top = '', name, inner, ...deeper] = path.split('/')
  if (name === undefined) return checkTop(kind, top)
  if (top === 'hook') {
    const known = name === HOOK && kind === 'file'
    return known || inner !== undefined ? undefined : `hook/ may hold only the script ${HOOK}`
  }
  if (inner === undefined) return checkPartOfTier(kind, name)
  if (deeper.length > 0) return undefined
  if (name === 'vmi') {
    return kind === 'file' && isPropertyFile(path) ? undefined : `vmi/ may hold only ${PROPERTIES.join(', ')}`
  }
  if (name !== 'app') return undefined
  return kind === 'file' && ARCHIVE.test(path) ? undefined : 'app/ may hold only files *.ear and *.zip'
}

function checkTop(kind: Entry['kind'], name: string): string | undefined {
  if (kind === 'file') return 'files do not belong here, only the directories of the tiers and hook/'
  return NAME_PATTERN.test(name) ? undefined : `the tier identifier ${quote(name)} is not ${NAME_RULE}`
}

const PROPERTIES: readonly string[] = [...REQUIRED_FILES, BALANCER_FILE]

function checkPartOfTier(kind: Entry['kind'], name: string): string | undefined {
  const expected = kind === 'file' ? PROPERTIES : ['app', 'config', 'vmi']
  if (expected.includes(name)) return undefined
  return `a tier has only ${PROPERTIES.join(', ')} (there or in vmi/), app/ and config/`
}

/** Whether the file is an application archive. */
export function isApplication(path: string): boolean {
  return ARCHIVE.test(path)
}

/** Whether the file is to be executable in the guest whatever its mode is here. */
export function isHook(path: string): boolean {
  return path === `hook/${HOOK}`
}
