import { execFile } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type LogicalStatus, mayPass } from '../packages/core/src/domain/server-status.ts'
import { BUILT_IN_OPERATIONS } from '../packages/core/src/operations/built-in-operations.ts'
import { LAYERS } from '../scripts/layout-rules.ts'
import { root } from '../scripts/workspace.ts'
import { anchorsOf, codeBlocks, documents, proseOf, readDocument } from './markdown.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** What the snippets of the documents may use without declaring it. */
const SNIPPET_CONTEXT = `
import type { FleetResult, GroupDeclaration, Manager, Plan, Run, TemplateRef } from '@vmunit/core'
declare global {
  const manager: Manager
  const plan: Plan<FleetResult>
  const run: Run<FleetResult>
  const version: TemplateRef
  const groups: readonly GroupDeclaration[]
}
`

/** Type-checks snippets by file name; resolves to what tsc says about them. */
async function checkTypes(snippets: Readonly<Record<string, string>>): Promise<string> {
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
    include: ['*.ts'],
  }
  using folder = temporaryFolder({
    ...snippets,
    'context.d.ts': SNIPPET_CONTEXT,
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify(config),
  })
  for (const name of ['node_modules', 'support']) symlinkSync(join(root, 'examples', name), join(folder.path, name))
  const command = [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder.path, '--pretty', 'false']
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: folder.path }).catch(
    (error: { stdout: string }) => error,
  )
  return stdout
}

/** What is wrong with the links of a document. */
function brokenLinks(document: string): readonly string[] {
  const links = [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return !link.startsWith('https://')
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? document : join(dirname(document), path)
    if (!existsSync(join(root, target))) return true
    return anchor !== undefined && !anchorsOf(target).has(anchor)
  })
}

describe('the documents', () => {
  it.each(documents())('%s has no link that leads nowhere', (document) => {
    expect(brokenLinks(document)).toEqual([])
  })

  it.each(documents())('%s names only commands that exist', (document) => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const named = [...readDocument(document).matchAll(/npm run ([\w-]+)/g)].map(([, name = '']) => name)
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
  })

  it('have only snippets that type-check', { timeout: 120_000 }, async () => {
    const blocks = documents()
      .flatMap(codeBlocks)
      .filter(({ language }) => language === 'ts')
    const snippets = blocks.map(({ document, line, code }) => [
      `${document.replaceAll(/\W/g, '-')}-line-${line}.ts`,
      /^(import|export) /m.test(code) ? code : `${code}\nexport {}`,
    ])
    expect(snippets.length).toBeGreaterThan(5)
    expect(await checkTypes(Object.fromEntries(snippets))).toBe('')
  })

  it('would show a snippet that does not type-check', { timeout: 120_000 }, async () => {
    const wrong = "import { power } from '@vmunit/core'\nawait manager.plan(power, { unit: 'gyoumu_a', to: 'up' })\n"
    expect(await checkTypes({ 'wrong.ts': wrong })).toMatch(/^wrong\.ts\(2,\d+\): error TS2322/)
  })
})

describe('ARCHITECTURE.md', () => {
  const text = readDocument('ARCHITECTURE.md')

  it('names only files and folders that exist', () => {
    const named = [...text.matchAll(/`([\w./-]+(?:\.ts|\/))`/g)].map(([, path = '']) => path)
    const homes = ['.', 'packages/core/src']
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((path) => !homes.some((home) => existsSync(join(root, home, path))))).toEqual([])
  })

  it('has the import table that the lint enforces', () => {
    for (const [name, { layers, node, packages, typesOnly }] of Object.entries(LAYERS)) {
      const others = layers.filter((layer) => layer !== name).map((layer) => `\`${layer}\``)
      const row = [
        `\`${name}\``,
        others.length === 0 ? 'nothing' : `${others.join(', ')}${typesOnly === true ? ' (types only)' : ''}`,
        node ? 'yes' : 'no',
        packages ? 'zod' : 'none',
      ]
      expect(text).toContain(`| ${row.join(' | ')} |`)
    }
  })

  it('names every record of the journal', () => {
    const records = readFileSync(join(root, 'packages/core/src/domain/run-record.ts'), 'utf8')
    const types = [...records.matchAll(/type: '([\w.]+)'/g)].map(([, type = '']) => type)
    expect(types.length).toBeGreaterThan(10)
    expect(types.filter((type) => !text.includes(`\`${type}\``))).toEqual([])
  })
})

describe('docs/guide-operations.md', () => {
  it('has a section for every built-in operation, and for no other', () => {
    const sections = [...proseOf('docs/guide-operations.md').matchAll(/^## (\w+)$/gm)].map(([, name = '']) => name)
    expect(sections.toSorted()).toEqual(BUILT_IN_OPERATIONS.map(({ name }) => name).toSorted())
  })
})

describe('docs/guide-concepts.md', () => {
  it('has the table of transitions that the code goes by', () => {
    const text = readDocument('docs/guide-concepts.md')
    const verbs = ['update', 'start', 'stop'] as const
    const statuses: Readonly<Record<LogicalStatus, true>> = {
      initial: true,
      stopped: true,
      working: true,
      updating: true,
      starting: true,
      stopping: true,
      'fault(updating)': true,
      'fault(starting)': true,
      'fault(stopping)': true,
    }
    for (const status of Object.keys(statuses) as readonly LogicalStatus[]) {
      const cells = verbs.map((verb) => (mayPass(status, verb) ? ' yes |' : ' |'))
      expect(text).toContain(`| \`${status}\` |${cells.join('')}`)
    }
  })
})
