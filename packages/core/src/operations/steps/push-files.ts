import * as z from 'zod'
import { canonicalJson } from '../../internal/canonical-json.ts'
import { sha256 } from '../../internal/sha256.ts'
import type { GuestAddress, StepContext, StepKind, Tree } from '../../ports/index.ts'
import { guestInput, nothing } from './schemas.ts'

export interface PushFilesInput {
  readonly guest: GuestAddress
  /** Hash of a directory that `manager.definitions.add` took in; null: nothing stays there. */
  readonly files: string | null
  readonly path: string
}

const input = z.object({ guest: z.object(guestInput), files: z.string().nullable(), path: z.string() })

/** Makes a directory of a guest hold exactly these files, or none. */
export const pushFiles: StepKind<PushFilesInput, Record<string, never>> = {
  name: 'guest.files',
  version: 1,
  input,
  output: nothing,
  async observe(step, context) {
    const tree = await treeOf(step, context)
    const guest = await context.guest(step.guest)
    const there = await guest.pushed(step.path, context)
    const isThere = there === tree.hash || (there === undefined && step.files === null)
    return isThere ? { state: 'done', value: {} } : { state: 'partial', detail: 'holds other files' }
  },
  async act(step, context) {
    const tree = await treeOf(step, context)
    const guest = await context.guest(step.guest)
    await guest.push(tree, step.path, context)
    return {}
  },
}

async function treeOf({ files }: PushFilesInput, context: StepContext): Promise<Tree> {
  if (files !== null) return await context.tree(files)
  // Nothing is read of a tree without files.
  return { hash: sha256(canonicalJson([])), files: [], read: async function* nothingToRead() {} }
}
