// npm run example                 lists the examples
// npm run example -- first-unit   runs one
// npm run example -- --all        runs all, and compares what they print with expected/
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const folder = import.meta.dirname
const [name] = process.argv.slice(2)
const examples = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.slice(0, -'.ts'.length))

if (name === '--help') process.exitCode = list()
else if (name === '--all') process.exitCode = await compareAll()
else if (name !== undefined && examples.includes(name)) process.exitCode = await show(name)
else process.exitCode = list()

function list(): number {
  const isAsked = name === undefined || name === '--help'
  const width = Math.max(...examples.map((example) => example.length))
  const lines = [
    ...(isAsked ? [] : [`There is no example "${name}".`, '']),
    'The examples, each run by: npm run example -- NAME',
    ...examples.map((example) => `  ${example.padEnd(width)}  ${purposeOf(example)}`),
    'All of them, compared with what they should print: npm run example -- --all',
  ]
  const show = isAsked ? console.log : console.error
  show(lines.join('\n'))
  return isAsked ? 0 : 64
}

/** The first line of an example says what it shows. */
function purposeOf(example: string): string {
  const [first = ''] = readFileSync(join(folder, `${example}.ts`), 'utf8').split('\n')
  return first.startsWith('// ') ? first.slice(3) : ''
}

async function show(example: string): Promise<number> {
  const child = spawn(process.execPath, commandOf(example), { stdio: 'inherit' })
  const [code] = await once(child, 'close')
  return code ?? 1
}

/** They are worlds of their own, so as many go side by side as the machine has processors. */
async function compareAll(): Promise<number> {
  const waiting = examples.filter((each) => !each.startsWith('my-'))
  let exitCode = 0
  const next = async (): Promise<void> => {
    const example = waiting.shift()
    if (example === undefined) return
    if (!(await compare(example))) exitCode = 1
    await next()
  }
  await Promise.all(Array.from({ length: availableParallelism() }, next))
  return exitCode
}

async function compare(example: string): Promise<boolean> {
  const begin = performance.now()
  const child = spawn(process.execPath, commandOf(example), { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  const expected = readFileSync(join(folder, 'expected', `${example}.txt`), 'utf8')
  const isAsExpected = code === 0 && comparable(printed) === comparable(expected)
  console.log(`${isAsExpected ? '✓' : '✗'} ${example} ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  if (!isAsExpected) console.log(`ended with code ${code} and printed:\n${printed}\ninstead of:\n${expected}`)
  return isAsExpected
}

function commandOf(example: string): readonly string[] {
  return [...process.execArgv, join(folder, `${example}.ts`)]
}

/** Runs, times and hashes are others each time; that there is one is enough. */
function comparable(output: string): string {
  return output
    .replaceAll(/\b\d{8}T\d{9}-(\w+)-[0-9a-f]{8}\b/g, 'RUN-$1')
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')
    .replaceAll(/\b[0-9a-f]{12,64}\b/g, 'HASH')
}
