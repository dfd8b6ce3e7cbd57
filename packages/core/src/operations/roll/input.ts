import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'
import type { Share } from '../../domain/share.ts'

const share = schemas.share as z.ZodType<Share>

/** Waves as operations take them. */
export const wavesInput = z
  .array(
    z.strictObject({
      groups: share,
      maxFailures: share.optional(),
      soakMs: schemas.milliseconds.optional(),
      gate: z
        .strictObject({ kind: z.enum(['approval', 'until']), text: z.string().optional(), time: z.number().optional() })
        .optional(),
    }),
  )
  .min(1)

/** One unit, all of its groups or some. */
export const groupsInput = {
  unit: schemas.name,
  groups: z.array(schemas.name).min(1).optional(),
}
