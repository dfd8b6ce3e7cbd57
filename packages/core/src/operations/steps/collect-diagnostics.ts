import * as z from 'zod'
import { DIAGNOSTICS_KIND } from '../../engine/failed-machines.ts'
import { VmunitError } from '../../errors/index.ts'
import type { StepKind } from '../../ports/index.ts'
import { guestInput, machineInput } from './schemas.ts'
import { type Bundle, type BundleOf, serverBundle } from './server-bundle.ts'

export interface CollectDiagnosticsInput extends Omit<BundleOf, 'run'> {
  /** What is not there by then is left out. */
  readonly limitMs: number
}

/** Without an archive when not even that could be written. */
export interface Diagnostics extends Omit<Bundle, 'archive'> {
  readonly archive: string | null
}

const { unit, slot, machine } = machineInput

const input = z.object({
  unit,
  slot,
  machine,
  guest: z.object(guestInput),
  paths: z.array(z.string()),
  maxBytes: z.number(),
  limitMs: z.number(),
})

const output = z.object({ archive: z.string().nullable(), sizeBytes: z.number(), problems: z.array(z.string()) })

/**
 * Collects what tells why a machine failed, while it still runs: files of its guest, what the hypervisor has, and what
 * the journal of this run says. Within its limits, and never at the cost of the run: it does not fail.
 */
export const collectDiagnostics: StepKind<CollectDiagnosticsInput, Diagnostics> = {
  name: DIAGNOSTICS_KIND,
  version: 1,
  input,
  output,
  livesInRecords: 'only',
  observe: async () => ({ state: 'absent' }),
  async act({ limitMs, ...of }, context) {
    const [late, over] = [new AbortController(), new AbortController()]
    const end = (): void =>
      late.abort(new VmunitError('ERR_TIMEOUT', `It was not there within ${limitMs} ms.`, { retryable: true }))
    // A run that is to stop ends the sleep: then only the bytes limit it, and the limits of the drivers.
    context.sleep(limitMs, { signal: over.signal }).then(end, () => {})
    context.waitingFor(`the diagnostics of ${of.slot}, for at most ${limitMs} ms`)
    try {
      return await serverBundle({ ...of, run: context.runId }, context, AbortSignal.any([context.signal, late.signal]))
    } catch (error) {
      if (context.signal.aborted) throw error
      return { archive: null, sizeBytes: 0, problems: [error instanceof Error ? error.message : String(error)] }
    } finally {
      over.abort()
    }
  },
}
