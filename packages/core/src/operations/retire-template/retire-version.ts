import * as z from 'zod'
import { templateParser } from '../../domain/parsers.ts'
import { keys, plain } from '../../engine/documents.ts'
import type { DocumentUpdate, StepKind } from '../../ports/index.ts'
import { deleteImage } from '../steps/delete-image.ts'
import { recordStep } from '../steps/record-step.ts'
import type { RetiredState } from './retirable.ts'

const retireInput = z.object({ template: z.string(), version: z.number(), to: z.enum(['deprecated', 'revoked']) })

/** Marks a version as deprecated or revoked. */
export const retireVersion: StepKind<z.infer<typeof retireInput>, Record<string, never>> = recordStep({
  name: 'template.retire',
  input: retireInput,
  writes: ({ template, version, to }) => [recordState({ template, version }, to)],
})

const removeInput = z.object({
  template: z.string(),
  version: z.number(),
  hypervisor: z.string(),
  image: z.string(),
})

const removed = z.object({ removed: z.boolean() })

/** Deletes the image of a version. One that is still needed, or not ours to delete, is kept. */
export const removeVersion: StepKind<z.infer<typeof removeInput>, z.infer<typeof removed>> = {
  name: 'template.remove',
  version: 1,
  input: removeInput,
  output: removed,
  // Images that a person registered are in no list; removing one that is gone is success.
  observe: async () => ({ state: 'partial', detail: 'may still be there' }),
  act: async (step, context) => ({ removed: await deleteImage(step, context) }),
  records: (step, moment) => (moment.type === 'done' && moment.output.removed ? [recordState(step, 'removed')] : []),
}

function recordState(
  { template, version }: { readonly template: string; readonly version: number },
  state: RetiredState,
): DocumentUpdate {
  return {
    key: keys.template(template),
    update: (value) => {
      const document = templateParser.parse(value)
      const versions = document.versions.map((one) => (one.number === version ? { ...one, state } : one))
      return plain({ ...document, versions })
    },
  }
}
