// npm run bench -- NAME [NAME…] [--json FILE]
import { globSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bench, formatRows, keepsBar, type Row } from './report.ts'

const parts = new Set(['main', 'median', 'report'])
const available = globSync('*.ts', { cwd: import.meta.dirname })
  .map((file) => basename(file, '.ts'))
  .filter((name) => !parts.has(name))
  .sort()
const USAGE = `Usage: npm run bench -- NAME [NAME…] [--json FILE]\nAvailable: ${available.join(', ')}`

const { names, json } = readArguments()
const rows: Row[] = []
for (const name of names) {
  const bench = (await import(`./${name}.ts`)) as Bench
  await bench.run((row) => rows.push(row))
}
console.log(formatRows(rows))
if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`)
process.exitCode = rows.every(keepsBar) ? 0 : 1

function readArguments(): { readonly names: readonly string[]; readonly json: string | undefined } {
  try {
    const options = { json: { type: 'string' }, help: { type: 'boolean', default: false } } as const
    const { positionals, values } = parseArgs({ allowPositionals: true, options })
    if (values.help) {
      console.log(USAGE)
      process.exit(0)
    }
    const unknown = positionals.find((name) => !available.includes(name))
    if (unknown !== undefined) throw new Error(`There is no measurement ${unknown}.`)
    if (positionals.length === 0) throw new Error('Name at least one measurement.')
    return { names: positionals, json: values.json }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}`)
    console.error(USAGE)
    process.exit(64)
  }
}
