import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { BuiltVcsim } from './build-vcsim.ts'

export interface StartVcsimOptions {
  readonly model?: 'vpx' | 'esx' | undefined
  readonly hosts?: number | undefined
  /** Virtual machines that are there from the start. */
  readonly machines?: number | undefined
  /** Whether those are switched off, which makes them in half the time. Default: they are on. */
  readonly areOff?: boolean | undefined
  readonly username: string
  readonly password: string
  /** Files in PEM: with them it speaks TLS itself, without it plain HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined
  readonly signal?: AbortSignal | undefined
}

export interface RunningVcsim extends AsyncDisposable {
  /** On loopback; plain HTTP, for the proxy and the hands, unless TLS was asked for. */
  readonly url: URL
  readonly pid: number
  readonly version: string
  close(): Promise<void>
}

/** How long the simulator may take to remove its temporary files before it is killed. */
const closeLimitMs = 3000

function argumentsOf(options: StartVcsimOptions): readonly string[] {
  const args = ['-model', options.model ?? 'vpx', '-username', options.username]
  if (options.hosts !== undefined) args.push('-hosts', String(options.hosts))
  if (options.machines !== undefined) args.push('-machines', String(options.machines))
  if (options.areOff === true) args.push('-off')
  if (options.tls !== undefined) args.push('-certificate', options.tls.certificate, '-key', options.tls.key)
  return args
}

async function firstLine(input: NodeJS.ReadableStream, failed: Promise<never>): Promise<string> {
  const lines = createInterface({ input })
  try {
    const [line] = await Promise.race([once(lines, 'line') as Promise<[string]>, failed])
    return line
  } finally {
    lines.close()
  }
}

/** Starts a built vcsim; it ends with this process, however this process ends. */
export async function startVcsim(built: BuiltVcsim, options: StartVcsimOptions): Promise<RunningVcsim> {
  options.signal?.throwIfAborted()
  // The password goes by the environment: the list of processes shows arguments to everybody.
  const env = { ...process.env, VCSIM_PASSWORD: options.password }
  const child = spawn(built.path, argumentsOf(options), { env, stdio: ['pipe', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4000)
  })
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve()
    })
  })
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      reject(new Error(`vcsim ended with code ${code}: ${complaint.trim() || 'it said nothing'}`))
    })
  })
  failed.catch(() => undefined)
  child.stdin.on('error', () => undefined)
  const close = async (): Promise<void> => {
    child.stdin.end()
    const timer = setTimeout(() => child.kill('SIGKILL'), closeLimitMs)
    await exited
    clearTimeout(timer)
  }
  try {
    const { url } = JSON.parse(await firstLine(child.stdout, failed)) as { readonly url: string }
    child.stdout.resume()
    return { url: new URL(url), pid: child.pid ?? 0, version: built.version, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    if (child.pid !== undefined) await close()
    throw error
  }
}
