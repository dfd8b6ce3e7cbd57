// Installs and builds what the tests of the testbed need on this machine, and says plainly what is missing where it cannot.
import { ensureRequirements, ensureVcsim } from '../packages/testbed/src/index.ts'

await ensureRequirements()
const { version } = await ensureVcsim()
console.log(`vcsim: govmomi ${version}`)
// The older one is tested beside the newest where Debian has it.
await ensureVcsim({ govmomi: 'debian' }).then(
  (debian) => console.log(`vcsim: govmomi ${debian.version}`),
  (error: unknown) => console.log(`vcsim of Debian's govmomi is not tested: ${String(error)}`),
)
