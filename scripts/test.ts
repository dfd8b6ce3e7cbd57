import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKS_OF_PRODUCTS, CHECKS_OF_SOURCES, type Check, TEST_REPORT, TESTS } from './checks.ts'
import { RECORDED_RUNS } from './recorded-runs.ts'
import { refuseArguments } from './refuse-arguments.ts'
import { type CommandResult, runCommand } from './run-command.ts'
import { root } from './workspace.ts'

interface Count {
  readonly passed: number
  readonly failed: number
}

interface TestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
}

refuseArguments(`Usage: npm test
It runs all there is. While you work, run single tests: node_modules/.bin/vitest run FILE…`)

const report = join(root, TEST_REPORT)
const counts: Count[] = []

for (const check of CHECKS_OF_SOURCES) counts.push(countOne(await run(check)))
counts.push(await runTests())
for (const check of CHECKS_OF_PRODUCTS) counts.push(countOne(await run(check)))

const passed = counts.reduce((sum, count) => sum + count.passed, 0)
const failed = counts.reduce((sum, count) => sum + count.failed, 0)
process.exitCode = failed === 0 ? 0 : 1
// The last line of the whole output: whoever reads only that knows how it went.
console.log(`${passed} passed, ${failed} failed`)

async function run({ name, command, tells = false }: Check): Promise<CommandResult> {
  const started = performance.now()
  const result = await runCommand(command, root)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${result.code === 0 ? '✓' : '✗'} ${name} ${seconds} s`)
  if (result.code !== 0 || tells) console.log(result.output.trimEnd())
  return result
}

async function runTests(): Promise<Count> {
  mkdirSync(join(root, '.state'), { recursive: true })
  rmSync(report, { force: true })
  rmSync(join(root, RECORDED_RUNS), { recursive: true, force: true })
  const { code, output } = await run(TESTS)
  if (code === 0) console.log(output.slice(Math.max(0, output.lastIndexOf('\n Test Files'))).trimEnd())
  const { numPassedTests, numFailedTests } = readReport()
  // A file that cannot be loaded has no tests that could fail, but vitest's exit code tells.
  return { passed: numPassedTests, failed: code === 0 ? numFailedTests : Math.max(1, numFailedTests) }
}

function readReport(): TestReport {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return { numPassedTests: 0, numFailedTests: 1 }
  }
}

function countOne({ code }: CommandResult): Count {
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}
