import { execFile } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { root } from '../scripts/workspace.ts'
import { codeBlocks, readDocument } from './markdown.ts'
import { temporaryFolder } from './temporary-folder.ts'

const OPTIONS = ['--conditions=@vmunit/source', '--disable-warning=ExperimentalWarning']

/** Saves the script as a file that git ignores, like the reader does, and runs it as an example. */
async function runAsExample(script: string): Promise<string> {
  const name = `my-readme-${process.pid}`
  const file = join(root, 'examples', `${name}.ts`)
  writeFileSync(file, script, { flag: 'wx' })
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...OPTIONS, 'examples/main.ts', name], {
      cwd: root,
    })
    return stdout
  } finally {
    rmSync(file)
  }
}

/** The demo without its waiting. */
async function runDemo(): Promise<string> {
  using folder = temporaryFolder({})
  const command = [...OPTIONS, 'examples/demo/main.ts', '--pace', '0', '--directory', join(folder.path, 'demo')]
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root })
  return stdout
}

describe('README.md', () => {
  it('names npm run demo and npm test as the first commands', () => {
    const [first] = codeBlocks('README.md')
    expect(first?.code).toBe('npm run demo\nnpm test\n')
  })

  it('shows what the demo prints', { timeout: 60_000 }, async () => {
    const [shown] = codeBlocks('README.md').filter(({ language }) => language === 'text')
    const printed = await runDemo()
    const withoutHash = (line: string): string => line.replace(/plan [0-9a-f]{12}/, 'plan HASH')
    const lines = new Set(printed.split('\n').map(withoutHash))
    const missing = shown?.code.split('\n').filter((line) => !lines.has(withoutHash(line)))
    expect(missing).toEqual([])
  })

  it('has a script of one’s own that brings a new version to three groups', { timeout: 60_000 }, async () => {
    const [script] = codeBlocks('README.md').filter(({ language }) => language === 'ts')
    const printed = await runAsExample(script?.code ?? '')
    expect(printed.match(/replace {2}web-base 1 → 2/g)).toHaveLength(3)
    expect(printed.match(/'changed'/g)).toHaveLength(3)
  })

  it('says how to run it', () => {
    const readme = readDocument('README.md')
    expect(readme).toContain('`examples/my-script.ts`')
    expect(readme).toContain('npm run example -- my-script\n')
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(manifest.scripts.example).toBe('node scripts/run.mjs examples/main.ts')
  })
})
