import * as z from 'zod'
import { templateParser } from '../../domain/parsers.ts'
import { keys, plain } from '../../engine/documents.ts'
import { isVmunitError } from '../../errors/index.ts'
import type { DocumentUpdate, StepKind } from '../../ports/index.ts'
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

/** Deletes the image of a version. One that the hypervisor still needs, for a machine or another image, is kept. */
export const removeVersion: StepKind<z.infer<typeof removeInput>, z.infer<typeof removed>> = {
  name: 'template.remove',
  version: 1,
  input: removeInput,
  output: removed,
  // Images that a person registered are in no list; removing one that is gone is success.
  observe: async () => ({ state: 'partial', detail: 'may still be there' }),
  async act({ hypervisor, image }, context) {
    try {
      await context.hypervisor(hypervisor).images.remove(image, context)
      return { removed: true }
    } catch (error) {
      if (isVmunitError(error, 'ERR_CONFLICT')) return { removed: false }
      throw error
    }
  },
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
