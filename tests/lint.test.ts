import { symlinkSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../scripts/run-command.ts'
import { root } from '../scripts/workspace.ts'
import { temporaryFolder } from './temporary-folder.ts'

const source = (name: string): string => `packages/core/src/${name}.ts`
const kinds =
  "type Kind = 'a' | 'b'\nexport function f(kind: Kind): number {\n  switch (kind) {\n    case 'a':\n      return 1\n  }\n  return 2\n}\n"

/** A wrong file for each rule that the house style rests on. */
const WRONG: Readonly<Record<string, string>> = {
  'import(no-cycle)': "import { b } from './cycle.ts'\nexport const a: number = b\nexport const c = 1\n",
  'eslint(max-lines)': `${Array.from({ length: 301 }, (_, index) => `export const line${index} = ${index}`).join('\n')}\n`,
  'eslint(max-params)': 'export const f = (a: number, b: number, c: number, d: number): number => a + b + c + d\n',
  'eslint(no-console)': "console.log('hello')\nexport {}\n",
  'import(no-default-export)': 'const value = 1\nexport default value\n',
  'typescript(consistent-type-imports)': "import { T } from './type.ts'\nexport const t: T = 1\n",
  'typescript(no-explicit-any)': 'export const f = (value: any): unknown => value\n',
  'typescript(no-floating-promises)': 'export function f(work: () => Promise<void>): void {\n  work()\n}\n',
  'typescript(no-non-null-assertion)': 'export const f = (value: string | undefined): string => value!\n',
  'typescript(return-await)': 'export async function f(work: Promise<void>): Promise<void> {\n  return work\n}\n',
  'typescript(switch-exhaustiveness-check)': kinds,
}

const HELPERS: Readonly<Record<string, string>> = {
  [source('cycle')]: "import { c } from './wrong0.ts'\nexport const b: number = c\n",
  [source('type')]: 'export type T = number\n',
  [source('lines-300')]:
    `${Array.from({ length: 300 }, (_, index) => `export const line${index} = ${index}`).join('\n// why\n\n')}\n`,
}

const rules = Object.keys(WRONG)
const fileOf = (rule: string): string => source(`wrong${rules.indexOf(rule)}`)

describe('the linter', () => {
  it('objects to a wrong file for each rule, and to nothing else', async () => {
    const files = Object.fromEntries(Object.entries(WRONG).map(([rule, text]) => [fileOf(rule), text]))
    using folder = temporaryFolder({ ...HELPERS, ...files })
    symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'))
    for (const name of ['.oxlintrc.json', 'tsconfig.json']) await copyFile(join(root, name), join(folder.path, name))

    const { code, output } = await runCommand(['oxlint', '--type-aware', '--format', 'json'], folder.path)

    const { diagnostics } = JSON.parse(output) as { diagnostics: { code: string; filename: string }[] }
    const found = new Set(diagnostics.map((diagnostic) => `${diagnostic.filename} ${diagnostic.code}`))
    const expected = [...rules.map((rule) => `${fileOf(rule)} ${rule}`), `${source('cycle')} import(no-cycle)`]
    expect([...found].sort()).toEqual(expected.sort())
    expect(code).toBe(1)
  })
})
