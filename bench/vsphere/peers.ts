import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The peers as commands that print how many machines there are. */
export interface Peers {
  readonly govmomi: readonly string[]
  readonly pyvmomi: readonly string[]
}

/** Builds and installs the peers below a directory. */
export function preparePeers(directory: string): Peers {
  const sources = join(import.meta.dirname, 'peers')
  const govmomi = join(directory, 'govmomi-inventory')
  execFileSync('go', ['build', '-o', govmomi, '.'], {
    cwd: join(sources, 'govmomi'),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const python = join(directory, 'python')
  if (!existsSync(join(python, 'bin', 'pip'))) execFileSync('python3', ['-m', 'venv', python])
  execFileSync(join(python, 'bin', 'pip'), ['install', '-q', '--disable-pip-version-check', 'pyvmomi==9.1.1.0'])
  return { govmomi: [govmomi], pyvmomi: [join(python, 'bin', 'python'), join(sources, 'pyvmomi_inventory.py')] }
}
