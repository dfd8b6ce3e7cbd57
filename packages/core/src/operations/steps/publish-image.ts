import * as z from 'zod'
import { templateParser } from '../../domain/parsers.ts'
import type { TemplateVersion } from '../../domain/template.ts'
import { keys, plain } from '../../engine/documents.ts'
import type { StepKind } from '../../ports/index.ts'
import { type MachineStepInput, ownedMachine } from './machine-step.ts'
import { machineInput } from './schemas.ts'

export interface PublishImageInput extends MachineStepInput {
  readonly template: string
  readonly version: number
  /** Absent for the first version of a template. */
  readonly parent?: number | undefined
  readonly note: string
  /** What becomes of the parent. */
  readonly previous: 'keep' | 'deprecate'
}

export interface PublishedVersion {
  readonly image: string
  readonly version: number
  readonly parent?: number | undefined
}

const input = z.object({
  ...machineInput,
  template: z.string(),
  version: z.number(),
  parent: z.number().optional(),
  note: z.string(),
  previous: z.enum(['keep', 'deprecate']),
})

const output = z.object({ image: z.string(), version: z.number(), parent: z.number().optional() })

/** Turns the work machine into the next version of a template, or the first of a new one, and records that version. */
export const publishImage: StepKind<PublishImageInput, PublishedVersion> = {
  name: 'image.publish',
  version: 1,
  input,
  output,
  async observe({ hypervisor, template, version, parent }, context) {
    const { operationId } = context
    const found = await context.hypervisor(hypervisor).images.published({ template, version, operationId }, context)
    return found.state === 'done' ? { state: 'done', value: { image: found.value, version, parent } } : found
  },
  async act(step, context) {
    const { template, version } = step
    const { operationId, manager } = context
    const owned = ownedMachine(step, manager)
    const image = await context
      .hypervisor(step.hypervisor)
      .images.publish(owned, { template, version, operationId }, context)
    return { image, version, parent: step.parent }
  },
  records(step, moment) {
    if (moment.type !== 'done') return []
    const { template, hypervisor, version, parent, note, previous } = step
    const added: TemplateVersion = {
      template,
      number: version,
      parent,
      image: moment.output.image,
      state: 'active',
      note,
    }
    return [
      {
        key: keys.template(template),
        update: (value) => {
          const document =
            value === undefined ? { name: template, hypervisor, versions: [] } : templateParser.parse(value)
          const versions = document.versions.map(
            (known): TemplateVersion =>
              known.number === parent && previous === 'deprecate' ? { ...known, state: 'deprecated' } : known,
          )
          return plain({ ...document, versions: [...versions, added] })
        },
      },
    ]
  },
}
