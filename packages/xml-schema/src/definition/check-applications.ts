import type { FileIssue } from '../issues.ts'

/** An application archive that is well-formed. */
export interface Application {
  readonly path: string
  /** Everything in it. */
  readonly names: ReadonlySet<string>
}

/** Where the attributes of an application stand in its archive. */
const IN_ARCHIVE = 'META-INF/cosminexus.xml'

const ATTRIBUTES = /^[^/]+\/config\/Cosminexus\/[^/]+\/META-INF\/cosminexus\.xml$/

/** Whether the file holds the attributes of an application (spec §4.2). */
export function isAttributesFile(path: string): boolean {
  return ATTRIBUTES.test(path)
}

/**
 * Each application has its `cosminexus.xml`, in `config/Cosminexus/<name>/META-INF` or in its archive, and a name of
 * its own within its tier (spec §2.2, §4.2).
 */
export function checkApplications(
  applications: readonly Application[],
  files: ReadonlySet<string>,
): readonly FileIssue[] {
  const seen = new Map<string, string>()
  return applications.flatMap(({ path, names }): readonly FileIssue[] => {
    const [tierId = '', , file = ''] = path.split('/')
    const name = file.slice(0, file.lastIndexOf('.'))
    const issues: FileIssue[] = []
    const attributes = `${tierId}/config/Cosminexus/${name}/${IN_ARCHIVE}`
    if (!files.has(attributes) && !names.has(IN_ARCHIVE)) {
      issues.push({
        path,
        message: `the application has no cosminexus.xml, neither as ${attributes} nor in the archive`,
      })
    }
    const other = seen.get(`${tierId}/${name}`)
    if (other !== undefined) issues.push({ path, message: `the application ${name} is there twice, also as ${other}` })
    seen.set(`${tierId}/${name}`, path)
    return issues
  })
}
