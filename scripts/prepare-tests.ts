// Installs and builds what the tests of the testbed need on this machine, and says plainly what is missing where it cannot.
import { ensureRequirements, ensureVcsim, GOVMOMI_SOURCES } from '../packages/testbed/src/index.ts'

await ensureRequirements()
// Where there is no Go, Debian's is installed; where that is new enough, it builds the newest govmomi too.
await ensureVcsim()
for (const govmomi of GOVMOMI_SOURCES) {
  await ensureVcsim({ govmomi }).then(
    ({ version }) => console.log(`vcsim: govmomi ${version}`),
    (error: unknown) => console.log(`not tested with the govmomi of ${govmomi}: ${String(error)}`),
  )
}
