// npm run example                 lists the examples
// npm run example -- first-unit   runs one
// npm run example -- --all        runs all, and compares what they print with expected/
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const folder = import.meta.dirname
const [name] = process.argv.slice(2)
const examples = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.slice(0, -'.ts'.length))

if (name === '--all') process.exitCode = await compareAll()
else if (name !== undefined && examples.includes(name)) process.exitCode = await show(name)
else process.exitCode = list()

function list(): number {
  if (name !== undefined) console.log(`There is no example "${name}".\n`)
  console.log('The examples, each run by: npm run example -- NAME')
  for (const example of examples) console.log(`  ${example.padEnd(20)} ${purposeOf(example)}`)
  return name === undefined ? 0 : 64
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

async function compareAll(): Promise<number> {
  let exitCode = 0
  for (const example of examples.filter((each) => !each.startsWith('my-'))) {
    const child = spawn(process.execPath, commandOf(example), { stdio: ['ignore', 'pipe', 'inherit'] })
    const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    const expected = readFileSync(join(folder, 'expected', `${example}.txt`), 'utf8')
    const isAsExpected = code === 0 && comparable(printed) === comparable(expected)
    console.log(`${isAsExpected ? '✓' : '✗'} ${example}`)
    if (isAsExpected) continue
    console.log(`ended with code ${code} and printed:\n${printed}\ninstead of:\n${expected}`)
    exitCode = 1
  }
  return exitCode
}

function commandOf(example: string): readonly string[] {
  return [...process.execArgv, join(folder, `${example}.ts`)]
}

/** A hash changes with every detail of what it is over; that there is one is enough. */
function comparable(output: string): string {
  return output.replaceAll(/\b[0-9a-f]{12,64}\b/g, 'HASH')
}
