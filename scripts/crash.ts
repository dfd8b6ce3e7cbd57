import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markdownTable } from './markdown-table.ts'
import { refuseArguments } from './refuse-arguments.ts'
import { root } from './workspace.ts'

refuseArguments('Usage: npm run crash\nIt kills a manager at every moment of every operation, which takes long.')

// The crash tests of `npm test` take samples; here every moment is taken, by SIGKILL, and many more random stories.
const directory = mkdtempSync(join(tmpdir(), 'vmunit-crash-table-'))
const table = join(directory, 'points.jsonl')
const env = { ...process.env, VMUNIT_CRASH: 'all', VMUNIT_CRASH_TABLE: table }
const files = [
  'packages/core/test/crash',
  'packages/core/test/unit/engine/schedule-random.test.ts',
  'examples/test/demo-kill.test.ts',
  'integration/crash.test.ts',
]
await import('./build.ts')
const child = spawn('vitest', ['run', ...files], { cwd: root, env, stdio: 'inherit' })
const [code] = (await once(child, 'close')) as [number | null]
if (existsSync(table)) printTable(readFileSync(table, 'utf8'))
rmSync(directory, { recursive: true })
process.exitCode = code ?? 1

interface Points {
  readonly operation: string
  readonly moment: string
  readonly points: number
  readonly killed: number
}

/** One line an operation; only what passed is written down, so a line means: the same end, nothing twice, nothing lost. */
function printTable(lines: string): void {
  const rows = lines
    .trim()
    .split('\n')
    .map((line): Points => JSON.parse(line))
  const moments = [...new Set(rows.map(({ moment }) => moment))]
  const byOperation = Map.groupBy(rows, ({ operation }) => operation)
  const sum = (some: readonly Points[]): number => some.reduce((total, { killed }) => total + killed, 0)
  const cells = [...byOperation].map(([operation, own]) => [
    operation,
    ...moments.map((moment) => String(sum(own.filter((row) => row.moment === moment)) || '')),
    String(sum(own)),
  ])
  console.log('\nPoints at which a manager died, and its successor came to the end of the undisturbed run:\n')
  console.log(markdownTable(['operation', ...moments, 'all'], cells))
  console.log(`\n${sum(rows)} points`)
}
