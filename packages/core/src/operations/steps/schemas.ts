import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'

/** Parts that the inputs of step kinds share. */
export const serverKey = { unit: z.string(), slot: z.string() }

export const machineInput = {
  hypervisor: z.string(),
  ...serverKey,
  machine: z.object({ id: z.string(), operationId: z.string() }),
}

export const guestInput = {
  hypervisor: z.string(),
  machine: z.string().optional(),
  address: z.string(),
  port: z.number().optional(),
}

const status = z.enum([
  'initial',
  'stopped',
  'working',
  'updating',
  'starting',
  'stopping',
  'fault(updating)',
  'fault(starting)',
  'fault(stopping)',
])

/** What the record of the server says when the step begins, is done, or has failed. */
export const marks = z
  .object({
    ...serverKey,
    began: status.optional(),
    done: status.optional(),
    failed: status.optional(),
    definitionHash: z.string().optional(),
  })
  .optional()

export const command = { argv: schemas.argv, timeoutMs: z.number() }

/** The output of steps that have nothing to tell. */
export const nothing = z.object({})
