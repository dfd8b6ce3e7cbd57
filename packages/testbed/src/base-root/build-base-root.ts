import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runChecked } from '../processes/run-program.ts'
import { DIRECTORIES, type GuestFile, guestPrograms, LINKS, ownFiles } from './guest-files.ts'
import { librariesOf } from './libraries.ts'

const BUSYBOX = '/bin/busybox'

/** Applets that would lead a person astray in a guest; the guest's own programs win in any case. */
const OMITTED = new Set(['busybox', 'linuxrc', 'dpkg', 'dpkg-deb', 'rpm', 'rpm2cpio', 'udhcpc', 'udhcpd'])

/**
 * Builds the root file system that all guests stand on, once for the same content, and resolves to where it is.
 *
 * It holds busybox, OpenSSH's server with the libraries it needs, and the files of the folder `files`; of this machine's
 * own root it holds nothing else. Safe when several processes build at once; nobody ever sees half of it.
 */
export async function buildBaseRoot(directory: string, signal?: AbortSignal): Promise<string> {
  const programs = guestPrograms()
  const libraries = await librariesOf(
    programs.map(({ from }) => from),
    signal,
  )
  const files: readonly GuestFile[] = [
    { from: BUSYBOX, to: 'bin/busybox', mode: 0o755 },
    ...programs,
    ...libraries.map((from) => ({ from, to: asStored(from), mode: 0o755 })),
    ...ownFiles(),
  ]
  const root = join(directory, await hashOf(files))
  if (existsSync(root)) return root
  const draft = join(directory, `draft-${randomUUID()}`)
  try {
    await fill(draft, files, signal)
    await rename(draft, root).catch((error: unknown) => {
      // Somebody else was faster.
      if (!existsSync(root)) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return root
}

async function fill(root: string, files: readonly GuestFile[], signal: AbortSignal | undefined): Promise<void> {
  for (const path of DIRECTORIES) await mkdir(join(root, path), { recursive: true })
  for (const { from, to, mode } of files) {
    signal?.throwIfAborted()
    await mkdir(dirname(join(root, to)), { recursive: true })
    await copyFile(from, join(root, to))
    await chmod(join(root, to), mode)
  }
  const applets = (await runChecked([BUSYBOX, '--list'], { signal })).split('\n')
  const wanted = applets.filter((name) => name !== '' && !OMITTED.has(name))
  const links = { ...Object.fromEntries(wanted.map((name) => [`bin/${name}`, 'busybox'])), ...LINKS }
  for (const [path, target] of Object.entries(links)) {
    if (existsSync(join(root, path))) continue
    await mkdir(dirname(join(root, path)), { recursive: true })
    await symlink(target, join(root, path))
  }
  // Whatever the mask of this process is, guests have users who may read.
  await runChecked(['chmod', '-R', 'a+rX,go-w', root], { signal })
  await chmod(join(root, 'root'), 0o700)
  await chmod(join(root, 'etc/shadow'), 0o600)
  await runChecked(['chown', '1000:1000', join(root, 'home/deploy')], { signal })
}

/** Guests have one folder for programs and one for libraries, so `/usr/lib` is `/lib`. */
function asStored(path: string): string {
  return path.replace(/^\/(usr\/)?/, '')
}

async function hashOf(files: readonly GuestFile[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([DIRECTORIES, LINKS, [...OMITTED]]))
  for (const { from, to, mode } of files) {
    const content = createHash('sha256').update(await readFile(from))
    hash.update(`${to} ${mode} ${content.digest('hex')}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}
