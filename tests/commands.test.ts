import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../scripts/workspace.ts'

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}
const commands = Object.entries(scripts).flatMap(([name, command]) => {
  const file = /^node scripts\/run\.mjs (\S+)$/.exec(command)?.[1]
  return file === undefined ? [] : [[name, file] as const]
})

/** Runs what `npm run NAME -- WORD` runs. */
function run(file: string, word: string): { readonly code: number | null; readonly out: string; readonly err: string } {
  const options = ['--conditions=@vmunit/source', '--disable-warning=ExperimentalWarning']
  const { status, stdout, stderr } = spawnSync(process.execPath, [...options, file, word], {
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { code: status, out: stdout, err: stderr }
}

describe('the commands of package.json', { timeout: 60_000 }, () => {
  it('are found', () => {
    expect(commands.length).toBeGreaterThan(7)
  })

  it.for(commands)('%s says with --help how it is called, and does nothing', ([name, file]) => {
    const { code, out, err } = run(file, '--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(name === 'test' ? 'npm test' : `npm run ${name}`)
  })

  it.for(commands)('%s refuses what it does not know, and says how it is called', ([name, file]) => {
    const { code, err } = run(file, '--nonsense')
    expect(code).toBe(64)
    expect(err).toContain('--nonsense')
    expect(err).toContain(name === 'test' ? 'npm test' : `npm run ${name}`)
  })
})
