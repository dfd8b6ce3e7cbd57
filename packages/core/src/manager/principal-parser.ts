import * as z from 'zod'
import type { Parser } from '../domain/plain.ts'
import type { Principal } from '../domain/principal.ts'

/** Somebody whom the embedding program or a directory names: a role that does not exist has no rights by accident. */
export const principalParser: Parser<Principal> = z.object({
  name: z.string().min(1),
  role: z.enum(['administrator', 'builder', 'resourceManager']),
  grants: z
    .array(z.object({ unit: z.string().min(1), permission: z.enum(['view', 'operate']) }))
    .readonly()
    .optional(),
})
