import * as z from 'zod'
import type { GuestAddress, StepKind } from '../../ports/index.ts'
import { type Marks, markServer } from './marks.ts'
import { guestInput, marks } from './schemas.ts'

/** Where a server finds its definition directory. */
export const DEFINITION_PATH = '/opt/vmunit/definition'

export interface PushDefinitionInput {
  readonly guest: GuestAddress
  /** Hash of the definition. */
  readonly definition: string
  readonly tierId: string
  readonly marks?: Marks | undefined
}

export interface PushedDefinition {
  readonly treeHash: string
}

const input = z.object({ guest: z.object(guestInput), definition: z.string(), tierId: z.string(), marks })

const output = z.object({ treeHash: z.string() })

/** Makes a server's definition directory hold exactly the files of its tier. */
export const pushDefinition: StepKind<PushDefinitionInput, PushedDefinition> = {
  name: 'guest.push',
  version: 1,
  input,
  output,
  async observe(step, context) {
    const tree = await context.tree(step.definition, step.tierId)
    const guest = await context.guest(step.guest)
    const treeHash = await guest.pushed(DEFINITION_PATH, context)
    return treeHash === tree.hash
      ? { state: 'done', value: { treeHash } }
      : { state: 'partial', detail: 'another tree' }
  },
  async act(step, context) {
    const tree = await context.tree(step.definition, step.tierId)
    const guest = await context.guest(step.guest)
    return { treeHash: await guest.push(tree, DEFINITION_PATH, context) }
  },
  records: (step, moment) => markServer(step.marks, moment),
}
