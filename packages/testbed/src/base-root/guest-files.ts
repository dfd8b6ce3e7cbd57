import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file that goes into the base root as it is. */
export interface GuestFile {
  /** Where it is on this machine. */
  readonly from: string
  /** Where it goes, without the first slash. */
  readonly to: string
  readonly mode: number
}

/** Directories that every guest has. */
export const DIRECTORIES = 'dev proc run sys tmp root home/deploy etc/services.enabled srv var/log var/lib'.split(' ')

/** Links of every guest: where programs are also looked for, and one program under several names. */
export const LINKS: Readonly<Record<string, string>> = {
  sbin: 'bin',
  'usr/bin': '../bin',
  'usr/sbin': '../bin',
  'usr/lib': '../lib',
  'bin/apt-get': 'dnf',
  'bin/reboot': 'poweroff',
  'bin/halt': 'poweroff',
  'bin/shutdown': 'poweroff',
  'srv/application/release': '../../etc/release',
}

/** What newer versions of OpenSSH have beside `sshd`; those that are there are taken. */
const HELPERS = ['sftp-server', 'sshd-session', 'sshd-auth']

/** Programs of this machine that guests have too; see `ensureRequirements`. */
export function guestPrograms(): readonly GuestFile[] {
  const helpers = HELPERS.map((name) => `usr/lib/openssh/${name}`).filter((path) => existsSync(`/${path}`))
  return [
    { from: '/usr/sbin/sshd', to: 'bin/sshd', mode: 0o755 },
    { from: '/usr/bin/ssh-keygen', to: 'bin/ssh-keygen', mode: 0o755 },
    { from: '/usr/bin/printenv', to: 'bin/printenv', mode: 0o755 },
    ...helpers.map((path) => ({ from: `/${path}`, to: path.slice('usr/'.length), mode: 0o755 })),
  ]
}

/** The files of the folder `files` beside this one. */
export function ownFiles(): readonly GuestFile[] {
  const folder = fileURLToPath(new URL('./files', import.meta.url))
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((from) => ({ from, to: relative(folder, from), mode: modeOf(relative(folder, from)) }))
}

function modeOf(path: string): number {
  if (path === 'etc/shadow') return 0o600
  return /^(bin|lib\/guest|etc\/services)\//.test(path) ? 0o755 : 0o644
}
