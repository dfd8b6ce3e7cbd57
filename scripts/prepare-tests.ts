// Installs and builds what the tests of the testbed need on this machine, and says plainly what is missing where it cannot.
import { ensureRequirements, ensureVcsim, GOVMOMI_SOURCES } from '../packages/testbed/src/index.ts'

await ensureRequirements()
const problems: string[] = []
for (const govmomi of GOVMOMI_SOURCES) {
  try {
    const { version } = await ensureVcsim({ govmomi })
    console.log(`vcsim: govmomi ${version}`)
  } catch (error) {
    problems.push(`${govmomi}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
if (problems.length === GOVMOMI_SOURCES.length) throw new Error(`vcsim cannot be built here.\n${problems.join('\n')}`)
for (const problem of problems) console.log(`not tested with the govmomi of ${problem}`)
