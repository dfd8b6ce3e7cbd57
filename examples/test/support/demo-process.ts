import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../demo/main.ts', import.meta.url))

/** A demo at work, or one that was. */
export interface DemoProcess {
  /** What it has printed so far. */
  output(): string
  signal(name: NodeJS.Signals): void
  /** Resolves when the output has this text; rejects when the process ends without it. */
  printed(text: string): Promise<void>
  /** Resolves to the exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>
}

/** Starts the demo as `npm run demo` does, with almost no waiting. */
export function startDemo(directory: string, ...args: readonly string[]): DemoProcess {
  const conditions = ['--conditions=@vmunit/source', '--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...conditions, MAIN, '--directory', directory, '--pace', '0.03', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const collect = (text: Buffer): void => {
    output += text.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const ended = once(child, 'close').then(([code, name]: (number | string)[]) => code ?? name ?? '')
  return {
    output: () => output,
    signal: (name) => void child.kill(name),
    async printed(text) {
      let isOver = false
      const over = ended.then(() => {
        isOver = true
      })
      while (!output.includes(text)) {
        if (isOver) throw new Error(`The demo ended without printing "${text}":\n${output}`)
        await Promise.race([once(child.stdout, 'data'), over])
      }
    },
    ended,
  }
}

/** Runs the demo to its end. */
export async function runDemo(directory: string, ...args: readonly string[]): Promise<DemoProcess> {
  const demo = startDemo(directory, ...args)
  const code = await demo.ended
  if (code !== 0) throw new Error(`The demo ended with ${code}:\n${demo.output()}`)
  return demo
}

/** Starts the demo and ends it with SIGKILL after a while, unless it is over before. */
export async function killDemo(directory: string, afterMs: number): Promise<DemoProcess> {
  const demo = startDemo(directory, '--keep')
  const over = new AbortController()
  await Promise.race([demo.ended, sleep(afterMs, undefined, { signal: over.signal }).catch(() => {})])
  over.abort()
  demo.signal('SIGKILL')
  await demo.ended
  return demo
}

/** The processes whose command line names this directory. */
export async function processesOf(directory: string): Promise<readonly number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const commandLine = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (commandLine.includes(directory)) found.push(Number(name))
  }
  return found
}
