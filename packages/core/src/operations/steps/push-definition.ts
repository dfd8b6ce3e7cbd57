import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { markServer } from './marks.ts'
import { guestInput, marks } from './schemas.ts'

/** Where a server finds its definition directory. */
export const DEFINITION_PATH = '/opt/vmunit/definition'

const input = z.object({ guest: z.object(guestInput), definition: z.string(), tierId: z.string(), marks })
type Input = z.infer<typeof input>

const output = z.object({ treeHash: z.string() })
type Output = z.infer<typeof output>

/** Makes a server's definition directory hold exactly the files of its tier. */
export const pushDefinition: StepKind<Input, Output> = {
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
