import * as z from 'zod'
import { templateParser } from '../../domain/parsers.ts'
import type { TemplateVersion } from '../../domain/template.ts'
import { keys, plain } from '../../engine/documents.ts'
import type { StepKind } from '../../ports/index.ts'
import { deleteImage } from './delete-image.ts'

export interface RemoveImageInput {
  readonly hypervisor: string
  readonly template: string
  readonly version: number
  readonly image: string
}

const input = z.object({ hypervisor: z.string(), template: z.string(), version: z.number(), image: z.string() })

export interface RemovedImage {
  /** False when it has to stay: something descends from it, as linked clones do, or a person registered it. */
  readonly removed: boolean
}

const output = z.object({ removed: z.boolean() })

/** Deletes the image of a template version; one that is still needed stays, and nobody is meant to use it any more. */
export const removeImage: StepKind<RemoveImageInput, RemovedImage> = {
  name: 'image.remove',
  version: 1,
  input,
  output,
  // An image that is gone already is success, so that acting again does no harm.
  observe: async () => ({ state: 'absent' }),
  act: async (step, context) => ({ removed: await deleteImage(step, context) }),
  records({ template, version }, moment) {
    if (moment.type !== 'done') return []
    const state = moment.output.removed ? 'revoked' : 'deprecated'
    const revoke = (known: TemplateVersion): TemplateVersion => (known.number === version ? { ...known, state } : known)
    return [
      {
        key: keys.template(template),
        update(value) {
          const document = templateParser.parse(value)
          return plain({ ...document, versions: document.versions.map(revoke) })
        },
      },
    ]
  },
}
