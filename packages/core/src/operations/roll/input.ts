import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'

/** Waves as operations take them. */
export const wavesInput = z.array(schemas.wave).min(1)

/** Waves of an operation that can make replacements beside what serves. */
export const surgingWavesInput = z.array(schemas.surgingWave).min(1)

/** One unit, all of its groups or some. */
export const groupsInput = {
  unit: schemas.name,
  groups: z.array(schemas.name).min(1).optional(),
}
