import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '@vmunit/testbed/seeded-random'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { killDemo, processesOf, runDemo } from './support/demo-process.ts'
import { creations, endState, machinesEverMade, type Remains, readRemains, servingGroups } from './support/end-state.ts'

const SEED = Number(process.env['VMUNIT_SEED'] ?? 20_261_123)
const MOMENTS = 20

const shares = Array.from({ length: MOMENTS }, seededRandom(SEED))

describe(`the demo, ended by kill -9 (seed ${SEED})`, () => {
  let undisturbed: Remains
  let durationMs: number
  let directory: string
  const found: string[] = []

  beforeAll(async () => {
    const calm = await mkdtemp(join(tmpdir(), 'vmunit-calm-'))
    const started = performance.now()
    await runDemo(calm, '--keep')
    durationMs = performance.now() - started
    undisturbed = await readRemains(calm)
    await rm(calm, { recursive: true })
    console.log(`seed ${SEED}: an undisturbed demo takes ${Math.round(durationMs)} ms`)
  })

  afterAll(() => {
    console.log(found.join('\n'))
    // Otherwise the moments would prove nothing about what matters most.
    expect(found.filter((line) => line.includes('applyTemplate')).length).toBeGreaterThan(0)
  })

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vmunit-kill-'))
  })

  afterEach(async () => {
    for (const pid of await processesOf(directory)) process.kill(pid, 'SIGKILL')
    await rm(directory, { recursive: true, maxRetries: 3 })
  })

  function expectAsUndisturbed(remains: Remains): void {
    expect(endState(remains)).toEqual(endState(undisturbed))
    expect(machinesEverMade(remains)).toBe(machinesEverMade(undisturbed))
    expect(creations(remains)).toHaveLength(creations(undisturbed).length)
    expect(Math.min(...servingGroups(remains, 'gyoumu_a'))).toBe(2)
    expect(Math.min(...servingGroups(remains, 'gyoumu_b'))).toBe(2)
  }

  it.each(shares.map((share, index) => ({ index: index + 1, share })))(
    'moment $index',
    async ({ index, share }) => {
      const afterMs = Math.round(share * durationMs)
      await killDemo(directory, afterMs)
      const { output } = await runDemo(directory, '--keep')
      const lines = output().match(/found run .*|in flight: .*/g) ?? ['nothing in flight']
      found.push(`moment ${index}, after ${afterMs} ms: ${lines.join(', ')}`)
      expectAsUndisturbed(await readRemains(directory))
    },
    60_000,
  )

  it('comes to the same end when it is killed again and again', async () => {
    for (const share of shares.slice(0, 6).toSorted((a, b) => a - b))
      await killDemo(directory, Math.max(0.3, share) * durationMs)
    await runDemo(directory, '--keep')
    expectAsUndisturbed(await readRemains(directory))
  }, 60_000)
})
