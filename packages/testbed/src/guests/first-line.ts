import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** Options of {@link firstLine}. */
export interface FirstLineOptions {
  /** What is started, as it stands in the error. */
  readonly what: string
  readonly signal?: AbortSignal | undefined
}

/**
 * The first line that a program writes to its standard output; rejects with what it wrote to standard error when it ends
 * before that. What comes later is read and forgotten.
 */
export async function firstLine(
  child: ChildProcessByStdio<Writable | null, Readable, Readable>,
  { what, signal }: FirstLineOptions,
): Promise<string> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let [written, errors] = ['', '']
  child.stdout.on('data', (part: Buffer) => {
    if (written.includes('\n')) return
    written += part.toString('utf8')
    const end = written.indexOf('\n')
    if (end !== -1) resolve(written.slice(0, end))
  })
  child.stderr.on('data', (part: Buffer) => {
    errors = `${errors}${part.toString('utf8')}`.slice(-4000)
  })
  child.once('error', (cause) => reject(new Error(`Cannot start ${what}: ${cause.message}`, { cause })))
  child.once('close', (code, name) => {
    reject(new Error(`Cannot start ${what}: it ended (${name ?? code}) and said: ${errors.trim() || 'nothing'}`))
  })
  const onAbort = (): void => reject(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await promise
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
