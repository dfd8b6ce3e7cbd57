import * as z from 'zod'
import { templateParser } from '../../domain/parsers.ts'
import type { TemplateVersion } from '../../domain/template.ts'
import { keys, plain } from '../../engine/documents.ts'
import type { StepKind } from '../../ports/index.ts'

export interface RecordVersionInput {
  readonly template: string
  readonly version: number
  readonly parent: number
  /** The image that the resource manager registered. */
  readonly registered: { readonly image: string; readonly note?: string | undefined }
  /** The version whose image is deleted. */
  readonly deleted?: number | undefined
}

const input = z.object({
  template: z.string(),
  version: z.number(),
  parent: z.number(),
  registered: z.object({ image: z.string(), note: z.string().optional() }),
  deleted: z.number().optional(),
})

const output = z.object({ version: z.number() })

/** Records an image that somebody else registered as the next version of a template. */
export const recordVersion: StepKind<RecordVersionInput, { readonly version: number }> = {
  name: 'template.record',
  version: 1,
  input,
  output,
  livesInRecords: 'only',
  observe: async () => ({ state: 'absent' }),
  act: async ({ version }) => ({ version }),
  records(step, moment) {
    if (moment.type !== 'done') return []
    const { template, version, parent, registered, deleted } = step
    const added: TemplateVersion = {
      template,
      number: version,
      parent,
      image: registered.image,
      state: 'active',
      note: registered.note ?? '',
    }
    return [
      {
        key: keys.template(template),
        update(value) {
          const document = templateParser.parse(value)
          const versions = document.versions.map(
            (known): TemplateVersion => (known.number === deleted ? { ...known, state: 'revoked' } : known),
          )
          return plain({ ...document, versions: [...versions, added] })
        },
      },
    ]
  },
}
