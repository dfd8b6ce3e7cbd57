import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { root } from '../scripts/workspace.ts'
import { temporaryFolder } from './temporary-folder.ts'

const PROGRAM = `
const [word] = process.argv.slice(2)
process.on('SIGTERM', () => process.exit(7))
setInterval(() => {}, 1_000)
console.log(JSON.stringify({ word, conditions: process.execArgv[0], version: process.versions.node }))
if (word === 'end') process.exit(5)
if (word === 'die') process.kill(process.pid, 'SIGKILL')
`

interface Ended {
  readonly lines: readonly string[]
  readonly code: number | null
  readonly signal: string | null
}

/** Runs the program through run.mjs; `onLine` sees its output as it comes. */
async function runProgram(word: string, onLine: (line: string, pid: number) => void = () => {}): Promise<Ended> {
  using folder = temporaryFolder({ 'program.ts': PROGRAM })
  const child = spawn(process.execPath, [join(root, 'scripts/run.mjs'), join(folder.path, 'program.ts'), word], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    if (child.pid !== undefined) onLine(line, child.pid)
  })
  const [code, signal] = await once(child, 'close')
  return { lines, code, signal }
}

describe('scripts/run.mjs', () => {
  it('says that nothing is to be installed, then runs the file with the Node of the repository', async () => {
    const { lines, code } = await runProgram('end')
    expect(lines[0]).toBe('dependencies: up to date')
    expect(JSON.parse(lines[1] ?? '')).toEqual({
      word: 'end',
      conditions: '--conditions=@vmunit/source',
      version: expect.stringMatching(/^24\./),
    })
    expect(code).toBe(5)
  })

  it('passes SIGTERM on and ends with the code of the program', async () => {
    const ended = await runProgram('wait', (line, pid) => {
      if (line.startsWith('{')) process.kill(pid, 'SIGTERM')
    })
    expect(ended).toMatchObject({ code: 7, signal: null })
  })

  it('ends by the signal that ended the program', async () => {
    expect(await runProgram('die')).toMatchObject({ code: null, signal: 'SIGKILL' })
  })
})
