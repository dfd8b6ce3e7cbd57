import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { median } from './median.ts'
import type { Report } from './report.ts'

const ROUNDS = 11
const hook = new URL('./list-modules.mjs', import.meta.url)

/** What a program pays for importing core: cold processes, alternating with one that imports nothing. */
export async function run(report: Report): Promise<void> {
  const built = new URL('../packages/core/dist/index.js', import.meta.url)
  if (!existsSync(built)) throw new Error('There is no build of @vmunit/core: run npm run build first.')
  const load = "import('@vmunit/core')"
  const empty: number[] = []
  const loaded: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    empty.push(timeOf(['-e', '0']))
    loaded.push(timeOf(['-e', load]))
  }
  const name = "import '@vmunit/core', above an empty process"
  const value = median(loaded) - median(empty)
  report({ name, value, peer: 0, ratio: value, bar: 120, unit: 'ms', peerName: '' })

  const modules = modulesOf(load).filter((url) => !url.startsWith('node:') && !url.includes('/packages/core/dist/'))
  const foreign = modules.filter((url) => url.endsWith('.node') || !/\/node_modules\/zod\//.test(url))
  for (const url of foreign) console.error(`loaded, but neither core nor zod: ${url}`)
  const count = foreign.length
  report({
    name: 'modules other than core and zod',
    value: count,
    peer: 0,
    ratio: count,
    bar: 0,
    unit: 'modules',
    peerName: '',
  })
}

function timeOf(args: readonly string[]): number {
  const started = performance.now()
  execFileSync(process.execPath, args, { cwd: import.meta.dirname, stdio: 'ignore' })
  return performance.now() - started
}

function modulesOf(code: string): readonly string[] {
  const output = execFileSync(process.execPath, ['--import', hook.href, '-e', code], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  return output.trim().split('\n')
}
