import { execFile } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { root } from '../scripts/workspace.ts'
import { codeBlocks } from './markdown.ts'
import { temporaryFolder } from './temporary-folder.ts'

const GUIDE = 'docs/guide-people.md'

const WORLD = `
import { createManager } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'
import { buildSmallFleet } from './support/small-fleet.ts'

await using world = createWorld()
await using store = openSqliteStore(':memory:')
const { hypervisor, guests, balancer } = world
const principal = { name: 'user_a', role: 'builder' } as const
await using manager = createManager({ hypervisors: { main: hypervisor }, balancers: { edge: balancer }, guests, store, principal })
await buildSmallFleet(world, manager)
`

/** The snippet of the guide that holds this text, as it stands there. */
function snippet(text: string): string {
  const found = codeBlocks(GUIDE).find(({ code }) => code.includes(text))
  if (found === undefined) throw new Error(`no snippet of the guide holds ${text}`)
  return found.code
}

/** Runs a program on a simulated fleet; resolves to what it prints. */
async function run(program: string): Promise<readonly string[]> {
  using folder = temporaryFolder({ 'check.ts': program, 'package.json': '{ "type": "module" }' })
  for (const name of ['node_modules', 'support']) symlinkSync(join(root, 'examples', name), join(folder.path, name))
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@vmunit/source', 'check.ts'], {
    cwd: folder.path,
  })
  return stdout.trim().split('\n')
}

describe('docs/guide-people.md has checks that run', () => {
  it('3.1.1: the surroundings', async () => {
    const ask = (template: string): string =>
      `console.log(JSON.stringify(await checkSurroundings({ hypervisor, store, template: '${template}' })))`
    const lines = await run(`${WORLD}${snippet('checkSurroundings')}\n${ask('web-base')}\n${ask('other')}`)
    expect(lines).toEqual(['[]', '["there is no image of other"]'])
  })

  it('4.2.1: before and after the host is patched', async () => {
    const lines = await run(`${WORLD}${snippet('before: ')}`)
    expect(lines).toEqual(['after: 0 runs go on', 'after: gyoumu_a: all is well'])
  })

  it('5.2.3: the definition directory', async () => {
    const good = join(root, 'examples/first-unit/definition')
    const check = snippet('readDefinition(')
    expect(await run(check.replace('./definition', good))).toEqual([expect.stringMatching(/^\d+ tiers and \d+ files/)])
    expect((await run(check)).join(' ')).toContain('definition')
  })
})
