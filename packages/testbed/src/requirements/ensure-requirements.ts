import { existsSync } from 'node:fs'
import { installPackages } from './install-packages.ts'

/** Programs that guests are made of, and that make them, with the Debian packages that bring them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  '/usr/sbin/sshd': 'openssh-server',
  '/usr/lib/openssh/sftp-server': 'openssh-sftp-server',
  '/usr/bin/ssh': 'openssh-client',
  '/usr/bin/ssh-keygen': 'openssh-client',
  '/bin/busybox': 'busybox-static',
  '/usr/bin/openssl': 'openssl',
  '/usr/bin/unshare': 'util-linux',
  '/usr/bin/nsenter': 'util-linux',
  '/usr/bin/setpriv': 'util-linux',
  '/usr/bin/printenv': 'coreutils',
  '/usr/bin/ldd': 'libc-bin',
}

/** Which Debian packages this machine lacks for guests. */
export function missingPackages(isThere: (path: string) => boolean = existsSync): readonly string[] {
  const missing = Object.entries(PROGRAMS).filter(([path]) => !isThere(path))
  return [...new Set(missing.map(([, name]) => name))]
}

/**
 * Makes sure that this machine can run guests: installs what is missing.
 *
 * Rejects saying plainly what stands in the way: another system than Linux, no root, no apt-get, no network.
 */
export async function ensureRequirements(signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  if (process.platform !== 'linux') throw new Error(`Guests of the testbed need Linux; this is ${process.platform}.`)
  const missing = missingPackages()
  if (missing.length > 0) await installPackages(missing, signal)
  if (process.getuid?.() !== 0) {
    throw new Error('Guests of the testbed need root, for mounts and namespaces: run this as root.')
  }
}
