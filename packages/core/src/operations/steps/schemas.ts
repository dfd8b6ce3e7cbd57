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

/** What the record of the server says when the step begins, is done, or has failed. */
export const marks = z
  .object({
    ...serverKey,
    began: schemas.status.optional(),
    done: schemas.status.optional(),
    failed: schemas.status.optional(),
    definitionHash: z.string().optional(),
  })
  .optional()

export const command = { argv: schemas.argv, timeoutMs: z.number() }

/** The output of steps that have nothing to tell. */
export const nothing = z.object({})
