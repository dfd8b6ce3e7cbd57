import { isVmunitError } from '@vmunit/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bases, prepareBases } from './support/bases.ts'
import { type Lane, openLane } from './support/lane.ts'
import { createLife } from './support/life.ts'
import { ROLLING } from './support/scenario.ts'

let bases: Bases
let lane: Lane

beforeAll(async () => {
  bases = await prepareBases()
  lane = await openLane(bases, [0])
})

afterAll(async () => {
  await lane[Symbol.asyncDispose]()
  await bases[Symbol.asyncDispose]()
})

describe('A manager that loses its lease and nobody takes over', () => {
  it('carries on with the run, or says that it does not', async () => {
    await using stage = await lane.begin(ROLLING.base)
    let asked = 0
    // As after a machine slept: the lease has run out once, and is free to be taken anew.
    const manager = stage.manager(0, createLife({ type: 'never' }), (lease) => ({
      key: lease.key,
      token: lease.token,
      lost: lease.lost,
      isHeld() {
        asked += 1
        return asked !== 10 && lease.isHeld()
      },
      [Symbol.asyncDispose]: async () => await lease[Symbol.asyncDispose](),
    }))
    const run = await manager.start(await ROLLING.plan(manager, bases))
    const signal = AbortSignal.timeout(5_000)
    const result = run.result({ signal }).then(
      () => 'carried on',
      (error: unknown) => (isVmunitError(error) ? 'said so' : 'said nothing for five seconds'),
    )
    expect(['carried on', 'said so']).toContain(await result)
  })
})
