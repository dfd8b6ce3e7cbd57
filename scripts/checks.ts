import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { publishedPackages, root, tarballOf } from './workspace.ts'

/** Something that must be true of the repository: a command that ends with code 0. */
export interface Check {
  readonly name: string
  readonly command: readonly string[]
  /** Whether what it prints is worth reading although nothing failed. */
  readonly tells?: boolean | undefined
}

/** Where vitest writes its report. */
export const TEST_REPORT = '.state/test-report.json'

const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${TEST_REPORT}`]

/** The checks that come before the tests: they are quick, and explain what would fail later. */
export const CHECKS_OF_SOURCES: readonly Check[] = [
  { name: 'format', command: ['biome', 'ci', '--colors=off', '.'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types', command: ['tsc', '-p', '.', '--pretty', 'false'] },
  { name: 'layout', command: script('scripts/check-layout.ts') },
  { name: 'real parts', command: script('scripts/prepare-tests.ts'), tells: true },
]

/** All tests; they are counted one by one. */
export const TESTS: Check = { name: 'tests', command: ['vitest', 'run', ...reporters] }

/** The checks that come after the tests, in an order in which each can use what those before it made. */
export const CHECKS_OF_PRODUCTS: readonly Check[] = [
  { name: 'rows of the specification', command: script('scripts/check-spec-rows.ts') },
  { name: 'generated documents', command: script('scripts/generate-docs.ts', '--check') },
  { name: 'build', command: script('scripts/build.ts') },
  { name: 'pack', command: script('scripts/pack.ts') },
  ...publishedPackages().flatMap((item) => [
    { name: `publint ${item.manifest.name}`, command: ['publint', '--strict', tarballOf(item)] },
    {
      name: `types of ${item.manifest.name}`,
      command: ['attw', '--profile', 'esm-only', '--no-emoji', tarballOf(item)],
    },
  ]),
  { name: 'packages in use', command: script('scripts/check-consumer.ts') },
  ...(existsSync(join(root, 'examples/main.ts'))
    ? [{ name: 'examples', command: script('examples/main.ts', '--all') }]
    : []),
  { name: 'unused code', command: ['knip'] },
]

function script(file: string, ...args: readonly string[]): readonly string[] {
  return [process.execPath, ...process.execArgv, file, ...args]
}
