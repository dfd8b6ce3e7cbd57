import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProgram } from '../processes/run-program.ts'
import { tell } from '../tell.ts'

/**
 * Installs Debian packages; none of their services is started, now or with the machine.
 *
 * Who asks while another process installs waits for it. Rejects saying what to install by hand where that is impossible.
 */
export async function installPackages(packages: readonly string[], signal?: AbortSignal): Promise<void> {
  const byHand = `Install them by hand: ${packages.join(' ')}.`
  if (!existsSync('/usr/bin/apt-get'))
    throw new Error(`This machine has no apt-get, so packages cannot be installed. ${byHand}`)
  if (process.getuid?.() !== 0) throw new Error(`Packages are missing, and only root can install them. ${byHand}`)
  tell(`installing with apt-get: ${packages.join(' ')} …`)
  const script = fileURLToPath(new URL('./install-packages.sh', import.meta.url))
  const lock = join(tmpdir(), 'vmunit-install.lock')
  const { exitCode, stdout, stderr } = await runProgram(['flock', lock, 'sh', script, ...packages], {
    signal,
  })
  if (exitCode === 0) return
  const output = `${stdout}\n${stderr}`.trim().slice(-2000)
  throw new Error(`apt-get could not install what the testbed needs; is there a network? ${byHand}\n${output}`)
}
