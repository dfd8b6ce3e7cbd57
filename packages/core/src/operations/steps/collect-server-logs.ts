import * as z from 'zod'
import { VmunitError } from '../../errors/index.ts'
import { type ArchiveEntry, tarArchive } from '../../internal/tar-archive.ts'
import type { StepContext, StepKind } from '../../ports/index.ts'
import { guestInput, serverKey } from './schemas.ts'

export interface CollectServerLogsInput {
  readonly unit: string
  readonly slot: string
  readonly guest: {
    readonly hypervisor: string
    readonly machine?: string | undefined
    readonly address: string
    readonly port?: number | undefined
  }
  /** The machine when it bears our marker: only then the hypervisor is asked for its diagnostics. */
  readonly machine?: { readonly id: string; readonly operationId: string } | undefined
  readonly paths: readonly string[]
  readonly maxBytes: number
}

export interface CollectedLogs {
  /** The hash under which the store keeps the archive. */
  readonly archive: string
  readonly sizeBytes: number
  /** What is missing in it, and why. */
  readonly problems: readonly string[]
}

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
export const collectServerLogs: StepKind<CollectServerLogsInput, CollectedLogs> = {
  name: 'logs.collect',
  version: 1,
  input,
  output,
  observe: async () => ({ state: 'absent' }),
  async act(step, context) {
    const problems: string[] = []
    const entries: ArchiveEntry[] = []
    const budget = { left: step.maxBytes }
    const add = async (name: string, source: () => AsyncIterable<Uint8Array>): Promise<void> => {
      try {
        const bytes = await take(source(), budget)
        if (bytes.length > 0) entries.push({ name, bytes })
      } catch (error) {
        if (context.signal.aborted) throw error
        problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    for (const [index, path] of step.paths.entries()) {
      await add(`guest/${nameOf(path, index)}`, () => guestFile(step, context, { path, maxBytes: budget.left }))
    }
    await add('hypervisor/diagnostics', () => diagnostics(step, context))
    const history = await context.history({ unit: step.unit, slot: step.slot, maxBytes: Math.max(0, budget.left) })
    entries.push({ name: 'journal.jsonl', bytes: Buffer.from(history) })
    const about = { server: step.slot, unit: step.unit, address: step.guest.address, time: context.now(), problems }
    entries.unshift({ name: 'about.json', bytes: Buffer.from(`${JSON.stringify(about, undefined, 2)}\n`) })
    const chunks = [...tarArchive(entries, context.now())]
    const archive = await context.keep(chunks)
    return { archive, sizeBytes: chunks.reduce((total, chunk) => total + chunk.length, 0), problems }
  },
}

async function* guestFile(
  { guest: address }: CollectServerLogsInput,
  context: StepContext,
  { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const guest = await context.guest(address)
  yield* guest.pull([path], maxBytes, context)
}

async function* diagnostics(
  { machine, guest, unit, slot }: CollectServerLogsInput,
  context: StepContext,
): AsyncGenerator<Uint8Array, void, undefined> {
  const facet = context.hypervisor(guest.hypervisor).diagnostics
  if (facet === undefined) return
  if (machine === undefined) throw new Error('its machine bears no marker of this manager')
  const marker = { manager: context.manager, unit, slot, operationId: machine.operationId }
  yield* facet.collect({ id: machine.id, marker }, context)
}

async function take(source: AsyncIterable<Uint8Array>, budget: { left: number }): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of source) {
    size += chunk.length
    if (size > budget.left) {
      throw new VmunitError('ERR_CONFLICT', `it is larger than the ${budget.left} bytes that are left`)
    }
    chunks.push(chunk)
  }
  budget.left -= size
  return Buffer.concat(chunks)
}

/** `/var/log/messages` becomes `1-var-log-messages.tar`: the guest gives each as an archive of its own. */
function nameOf(path: string, index: number): string {
  const plain = path.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^-+|-+$/g, '')
  return `${index + 1}-${plain.slice(-60)}.tar`
}
