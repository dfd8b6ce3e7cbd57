import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Death } from './life.ts'

/** What a manager in a process of its own is to do; travels as JSON. */
export interface MortalTask {
  readonly socket: string
  readonly database: string
  readonly scenario: string
  readonly nextDefinition: string
  readonly script: string
  readonly death: Death
}

/** How such a process ended: by SIGKILL, or with the state of the run. */
export type MortalEnd = { readonly killed: true } | { readonly killed: false; readonly state: string }

const PROGRAM = fileURLToPath(new URL('../children/mortal-manager.ts', import.meta.url))
const OPTIONS = ['--conditions=@vmunit/source', '--disable-warning=ExperimentalWarning']

/** Runs a manager in a process of its own until it has ended the run, or SIGKILL has ended it. */
export async function liveInProcess(task: MortalTask): Promise<MortalEnd> {
  const child = spawn(process.execPath, [...OPTIONS, PROGRAM, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (signal === 'SIGKILL') return { killed: true }
  if (exitCode !== 0) throw new Error(`The manager's process ended with exit code ${exitCode}, ${signal}.`)
  return { killed: false, state: output.trim() }
}
