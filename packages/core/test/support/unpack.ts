import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Manager } from '@vmunit/core'

/** The files of an archive as a real `tar` unpacks them. */
export async function unpack(manager: Manager, hash: string): Promise<ReadonlyMap<string, Buffer>> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-archive-'))
  try {
    await writeFile(join(directory, 'archive.tar'), manager.archives.read(hash))
    const { stdout } = await promisify(execFile)('tar', ['-xvf', 'archive.tar'], { cwd: directory })
    const names = stdout.trim().split('\n')
    return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)))
  } finally {
    await rm(directory, { recursive: true })
  }
}
