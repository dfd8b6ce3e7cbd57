import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ERROR_CODES } from '../packages/core/src/errors/index.ts'
import * as testing from '../packages/core/src/testing/index.ts'
import { SPEC_SECTIONS } from '../packages/core/test/spec-rows/index.ts'
import { markdownTable } from './markdown-table.ts'
import { OPERATIONS_DOCUMENT, operationsDocument, withoutRunIds } from './operations-document.ts'
import { readRecordedRuns } from './recorded-runs.ts'
import { refuseArguments } from './refuse-arguments.ts'
import { root } from './workspace.ts'

interface Rule {
  readonly id: string
  readonly text: string
  readonly facet?: string | undefined
  readonly since: string
}

const NOTE = '<!-- Made by scripts/generate-docs.ts from the sources; edits are lost. -->'
const RECORDED = '<!-- Made by scripts/generate-docs.ts from the runs that the tests recorded; edits are lost. -->'
const check = process.argv.includes('--check')
if (!check)
  refuseArguments(
    'Usage: npm run docs [-- --check]\nIt writes the generated documents; with --check it only says which are out of date.',
  )
const generated = [['docs/errors.md', errors()] as const, ['docs/spec-rows.md', specRows()] as const, ...contracts()]
for (const [file, text] of generated) publish(file, text)
publishOperations()

/** Writes a document that is not there yet as it should be, or says that it is not. */
function publish(file: string, text: string, same: (text: string) => string = (all) => all): void {
  const path = join(root, file)
  if (existsSync(path) && same(readFileSync(path, 'utf8')) === same(text)) return
  if (check) {
    console.log(`${file} is not what the sources say: run npm run docs`)
    process.exitCode = 1
    return
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  console.log(`wrote ${file}`)
}

function publishOperations(): void {
  const recorded = readRecordedRuns(root)
  if (recorded === undefined && !check) {
    console.log(`${OPERATIONS_DOCUMENT} stays as it is: it is made from what the tests record. Run npm test first`)
    return
  }
  const { text, missing } = operationsDocument(recorded ?? [], RECORDED)
  if (missing.length === 0) return publish(OPERATIONS_DOCUMENT, text, withoutRunIds)
  console.log(missing.join('\n'))
  process.exitCode = 1
}

function errors(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { meaning, remedy }]) => [`\`${code}\``, meaning, remedy])
  return [
    '# Errors',
    NOTE,
    'Every error of vmunit is a `VmunitError` with one of these codes. Codes are stable within a major version; messages are not.',
    markdownTable(['code', 'meaning', 'what to do'], rows),
  ].join('\n\n')
}

function specRows(): string {
  const sections = SPEC_SECTIONS.flatMap(({ title, rows }) => [
    `## ${title}`,
    markdownTable(
      ['row', 'condition', 'answer', 'exit class'],
      rows.map(({ row, text, code, exitClass }) => [
        row,
        text,
        code === undefined ? '' : `\`${code}\``,
        String(exitClass),
      ]),
    ).trimEnd(),
  ])
  return [
    '# Errors and warnings of the original’s commands',
    NOTE,
    'What each command of the original ends with, and what vmunit answers in its place: an error with this code, or a result. The exit class is what `exitClass` makes of it: 0 done, 1 done with warnings or in part, 2 another is at it, 64 not done. Each row has a test of its number.',
    ...sections,
  ]
    .join('\n\n')
    .concat('\n')
}

/** A document for each list of rules that the testing entry publishes: HYPERVISOR_RULES becomes contract-hypervisor.md. */
function contracts(): readonly [string, string][] {
  return Object.entries<unknown>({ ...testing }).flatMap(([name, rules]): [string, string][] => {
    if (!name.endsWith('_RULES')) return []
    const port = name.slice(0, -'_RULES'.length).toLowerCase().replaceAll('_', '-')
    return [[`docs/contract-${port}.md`, contract(port, rules as readonly Rule[])]]
  })
}

function contract(port: string, rules: readonly Rule[]): string {
  const rows = rules.map(({ id, text, facet = '', since }) => [id, text, facet, since])
  return [
    `# Contract: ${port.replaceAll('-', ' ')}`,
    NOTE,
    'Numbers are permanent. A rule with a facet applies to those that have the facet.',
    markdownTable(['rule', 'text', 'facet', 'since'], rows),
  ].join('\n\n')
}
