import { NAME_PATTERN, NAME_RULE } from '@vmunit/core'
import { type FileIssue, quote } from '../issues.ts'
import type { Entry } from './list-entries.ts'

export const TIER_FILE = 'tier.properties'

export const VERSION_FILE = 'version.properties'

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
  for (const tierId of tierIds) {
    for (const name of [TIER_FILE, VERSION_FILE]) {
      if (!files.has(`${tierId}/${name}`)) issues.push({ path: `${tierId}/${name}`, message: 'the file is missing' })
    }
  }
  return { tierIds, issues }
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
  if (name !== 'app' || deeper.length > 0) return undefined
  return kind === 'file' && ARCHIVE.test(path) ? undefined : 'app/ may hold only files *.ear and *.zip'
}

function checkTop(kind: Entry['kind'], name: string): string | undefined {
  if (kind === 'file') return 'files do not belong here, only the directories of the tiers and hook/'
  return NAME_PATTERN.test(name) ? undefined : `the tier identifier ${quote(name)} is not ${NAME_RULE}`
}

function checkPartOfTier(kind: Entry['kind'], name: string): string | undefined {
  if (name === 'tierlb.properties') return 'tierlb.properties are not supported yet; name a balancer in lb.use'
  const expected = new Map<string, Entry['kind']>([
    [TIER_FILE, 'file'],
    [VERSION_FILE, 'file'],
    ['app', 'directory'],
    ['config', 'directory'],
  ])
  if (expected.get(name) === kind) return undefined
  return `a tier has only ${TIER_FILE}, ${VERSION_FILE}, app/ and config/`
}

/** Whether the file is an application archive. */
export function isApplication(path: string): boolean {
  return ARCHIVE.test(path)
}

/** Whether the file is to be executable in the guest whatever its mode is here. */
export function isHook(path: string): boolean {
  return path === `hook/${HOOK}`
}
