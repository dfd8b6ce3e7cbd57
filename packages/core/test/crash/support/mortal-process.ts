import { startProgram } from './child-program.ts'
import { inTime } from './in-time.ts'
import { type Death, describeDeath } from './life.ts'

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

/** Runs a manager in a process of its own until it has ended the run, or SIGKILL has ended it. */
export async function liveInProcess(task: MortalTask): Promise<MortalEnd> {
  const child = startProgram('mortal-manager', task)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const label = `The manager's process of ${task.scenario}: ${describeDeath(task.death)}`
  const { exitCode, signal, errors } = await inTime(label, child.ended, { onLate: () => child.signal('SIGKILL') })
  if (signal === 'SIGKILL') return { killed: true }
  if (exitCode !== 0) throw new Error(`${label}: ended with exit code ${exitCode}, ${signal}.\n${errors}`)
  return { killed: false, state: output.trim() }
}
