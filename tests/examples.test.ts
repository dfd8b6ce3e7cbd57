import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../scripts/workspace.ts'
import { readDocument } from './markdown.ts'

const folder = join(root, 'examples')
const examples = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts' && !file.startsWith('my-'))
  .map((file) => file.slice(0, -'.ts'.length))

describe('the examples', () => {
  it('are at least twelve', () => {
    expect(examples.length).toBeGreaterThanOrEqual(12)
  })

  it.each(examples)('%s says what it is for, is compared with something, and stands in the README', (example) => {
    expect(readFileSync(join(folder, `${example}.ts`), 'utf8')).toMatch(/^\/\/ \S/)
    expect(existsSync(join(folder, 'expected', `${example}.txt`))).toBe(true)
    expect(readDocument('README.md')).toContain(`[${example}](examples/${example}.ts) |`)
  })

  it('have no expectation without an example', () => {
    const expected = readdirSync(join(folder, 'expected')).map((file) => file.slice(0, -'.txt'.length))
    expect(expected.toSorted()).toEqual(examples.toSorted())
  })

  it('have a driver for a hypervisor in under 150 lines', () => {
    const driver = readFileSync(join(folder, 'custom-hypervisor/yard-driver.ts'), 'utf8')
    expect(driver.trimEnd().split('\n').length).toBeLessThan(150)
  })
})
