import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { guestInput, serverKey } from './schemas.ts'
import { type Bundle, type BundleOf, serverBundle } from './server-bundle.ts'

export type CollectServerLogsInput = Omit<BundleOf, 'run'>

const input = z.object({
  ...serverKey,
  guest: z.object(guestInput),
  machine: z.object({ id: z.string(), operationId: z.string() }).optional(),
  paths: z.array(z.string()),
  maxBytes: z.number(),
})

const output = z.object({ archive: z.string(), sizeBytes: z.number(), problems: z.array(z.string()) })

/**
 * Puts what tells about a server into one archive: files of its guest, what the hypervisor has, what the journals say.
 *
 * What cannot be had is named and left out: the logs of a server are wanted most when a part of it does not answer.
 */
export const collectServerLogs: StepKind<CollectServerLogsInput, Bundle> = {
  name: 'logs.collect',
  version: 1,
  input,
  output,
  observe: async () => ({ state: 'absent' }),
  act: async (step, context) => await serverBundle(step, context, context.signal),
}
