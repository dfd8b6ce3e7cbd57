import { VmunitError } from '../../errors/index.ts'
import { orAbort } from '../../internal/abort.ts'
import { type ArchiveEntry, tarArchive } from '../../internal/tar-archive.ts'
import type { StepContext } from '../../ports/index.ts'

/** The server that a bundle is about, and how much may be in it. */
export interface BundleOf {
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
  /** The run whose journal tells about the server; all runs by default. */
  readonly run?: string | undefined
}

/** What was put together. */
export interface Bundle {
  /** The hash under which the store keeps the archive. */
  readonly archive: string
  readonly sizeBytes: number
  /** What is missing in it, and why. */
  readonly problems: readonly string[]
}

/**
 * Puts what tells about a server into one archive: files of its guest, what the hypervisor has, what the journals say.
 *
 * What cannot be had before `signal` aborts is named and left out; what the signal of the context ends, ends the whole.
 */
export async function serverBundle(of: BundleOf, context: StepContext, signal: AbortSignal): Promise<Bundle> {
  const problems: string[] = []
  const entries: ArchiveEntry[] = []
  const budget = { left: of.maxBytes }
  const collector: Collector = { of, context, signal }
  const attempt = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      signal.throwIfAborted()
      return await orAbort(work(), signal)
    } catch (error) {
      if (context.signal.aborted) throw error
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }
  const add = async (name: string, source: () => AsyncIterable<Uint8Array>): Promise<void> => {
    const bytes = await attempt(name, async () => await take(source(), budget))
    if (bytes !== undefined && bytes.length > 0) entries.push({ name, bytes })
  }
  for (const [index, path] of of.paths.entries()) {
    await add(`guest/${nameOf(path, index)}`, () => guestFile(collector, { path, maxBytes: budget.left }))
  }
  await add('hypervisor/diagnostics', () => diagnostics(collector))
  const { unit, slot, run } = of
  const maxBytes = Math.max(0, budget.left)
  const history = await attempt('journal.jsonl', async () => await context.history({ unit, slot, run, maxBytes }))
  entries.push({ name: 'journal.jsonl', bytes: Buffer.from(history ?? '') })
  const about = { server: slot, unit, address: of.guest.address, time: context.now(), problems }
  entries.unshift({ name: 'about.json', bytes: Buffer.from(`${JSON.stringify(about, undefined, 2)}\n`) })
  const chunks = [...tarArchive(entries, context.now())]
  const archive = await context.keep(chunks)
  return { archive, sizeBytes: chunks.reduce((total, chunk) => total + chunk.length, 0), problems }
}

interface Collector {
  readonly of: BundleOf
  readonly context: StepContext
  readonly signal: AbortSignal
}

async function* guestFile(
  { of, context, signal }: Collector,
  { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const guest = await context.guest(of.guest)
  yield* guest.pull([path], maxBytes, { signal })
}

async function* diagnostics({ of, context, signal }: Collector): AsyncGenerator<Uint8Array, void, undefined> {
  const { machine, guest, unit, slot } = of
  const facet = context.hypervisor(guest.hypervisor).diagnostics
  if (facet === undefined) return
  if (machine === undefined) throw new Error('its machine bears no marker of this manager')
  const marker = { manager: context.manager, unit, slot, operationId: machine.operationId }
  yield* facet.collect({ id: machine.id, marker }, { signal })
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
