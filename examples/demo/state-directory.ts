import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectWorld } from '@vmunit/core/testing'

const FINISHED = 'demo.finished'

/** Nothing else is removed, whatever directory somebody names. */
const OURS = /^(?:world\.\w+|state\.json|blobs\.jsonl|vmunit\.db(?:-\w+)?)$/

/** Makes room for a new story when the last one was told to its end; an unfinished one is left as it is. */
export async function prepareDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  if (!(await isThere(join(directory, FINISHED)))) return
  const world = await connectWorld(join(directory, 'world.sock')).catch(() => undefined)
  await world?.stop()
  // The mark goes last: killed before that, the next start begins here again.
  const names = await readdir(directory)
  for (const name of names.filter((each) => OURS.test(each))) await rm(join(directory, name), { force: true })
  await rm(join(directory, FINISHED))
}

/** The story was told to its end. */
export async function markFinished(directory: string): Promise<void> {
  await writeFile(join(directory, FINISHED), '')
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
