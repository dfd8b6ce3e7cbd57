import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the peers need on this machine. */
const HERE = { rsync: '/usr/bin/rsync', 'ansible-core': '/usr/bin/ansible' }

/** What the peers need in a guest: rsync, and a Python for the modules of ansible that are not `raw`. */
const IN_GUEST = ['rsync', 'python3.11-minimal', 'libpython3.11-minimal', 'libpython3.11-stdlib']

/** Libraries that those programs load, from wherever this machine keeps them. */
const PROGRAMS = ['/usr/bin/rsync', '/usr/bin/python3.11']

/** Installs the peers that are missing; says what is missing where it cannot. */
export function installPeers(): void {
  const missing = Object.entries(HERE).flatMap(([name, path]) => (existsSync(path) ? [] : [name]))
  if (missing.length === 0) return
  console.error(`bench: installing ${missing.join(', ')} …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env, stdio: 'ignore' })
}

/** A tar archive with what the peers need inside of a guest. */
export function peerArchive(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'vmunit-bench-'))
  try {
    // apt drops its privileges when it can write to the folder as another user; it need not.
    const download = ['-o', 'APT::Sandbox::User=root', 'download', '-qq', ...IN_GUEST]
    execFileSync('apt-get', download, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    execFileSync('sh', ['-c', 'for file in *.deb; do dpkg-deb -x "$file" root; done'], { cwd: folder })
    const root = join(folder, 'root')
    for (const program of PROGRAMS) copyLibraries(root, program)
    execFileSync('ln', ['-sf', 'python3.11', join(root, 'usr/bin/python3')])
    return execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 512 * 1024 * 1024 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function copyLibraries(root: string, program: string): void {
  const listed = execFileSync('ldd', [join(root, program)], { encoding: 'utf8' })
  const paths = [...listed.matchAll(/(\/\S+)/g)].map(([, path = '']) => path)
  execFileSync('cp', ['-Ln', '--parents', ...paths, root])
}
