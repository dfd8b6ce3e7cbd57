import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { recordStep } from './record-step.ts'
import { serverKey } from './schemas.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

/** Ends the record of what was left beside a server, when nothing is there any more. */
export const forgetBeside: StepKind<ServerKey, Record<string, never>> = recordStep({
  name: 'beside.forget',
  input: z.object(serverKey),
  writes: (key) => [updateServer(key, (server) => ({ ...server, beside: undefined }))],
})
