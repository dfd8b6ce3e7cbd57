import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const MOVER = fileURLToPath(new URL('../children/move-run.ts', import.meta.url))

/** What a process did that moved a run. */
export interface Moved {
  /** Whether it lived until the run had ended well. */
  readonly finished: boolean
  /** The last record of the journal that it had seen. */
  readonly seq: number
}

export interface Move {
  readonly connection: string
  readonly storePath: string
  /** Absent: resume. */
  readonly plan?: string | undefined
  /** Ends the process with SIGKILL so long after it saw this record. Absent: it lives to the end. */
  readonly kill?: { readonly seq: number; readonly afterMs: number } | undefined
}

/** Lets a process of its own move a run, and may kill it in the middle. */
export async function moveRun({ connection, storePath, plan, kill }: Move): Promise<Moved> {
  const args = ['--conditions=@vmunit/source', '--disable-warning=ExperimentalWarning', MOVER, connection, storePath]
  const child = spawn(process.execPath, plan === undefined ? args : [...args, plan], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const complaints = text(child.stderr)
  let seq = 0
  let wasKilled = false
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    seq = Number(line.split(' ')[0])
    if (kill === undefined || wasKilled || seq < kill.seq) return
    wasKilled = true
    setTimeout(() => child.kill('SIGKILL'), kill.afterMs)
  })
  const [code] = (await once(child, 'close')) as (number | null)[]
  if (code !== 0 && !wasKilled)
    throw new Error(`The process that moved the run ended with ${code}: ${await complaints}`)
  return { finished: code === 0, seq }
}
