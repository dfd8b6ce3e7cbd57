import { setTimeout as delay } from 'node:timers/promises'
import { type CreateMachine, isVmunitError, type Machine, type OwnedMachine } from '@vmunit/core'
import { seededRandom } from '@vmunit/testbed'
import { expect, it } from 'vitest'
import type { VsphereDriver } from '../../src/index.ts'
import { type Bench, describeOnVcenters } from '../support/vcenters.ts'

const RUNS = 5
const MACHINES = 12
const ATTEMPTS = 40

/** Tries again what may pass, as the engine does. */
async function persist<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === ATTEMPTS || !isVmunitError(error) || !error.retryable) throw error
      await delay(20)
    }
  }
}

async function life(driver: VsphereDriver, spec: CreateMachine): Promise<readonly Machine[]> {
  const machine = await persist(() => driver.create(spec))
  const owned: OwnedMachine = { id: machine.id, marker: spec.marker }
  await persist(() => driver.power(owned, 'on'))
  const { machines } = await persist(() => driver.inventory({ ids: [machine.id] }))
  await persist(() => driver.power(owned, 'shutdown'))
  return machines
}

async function run({ vcenter, connect, spec }: Bench, seed: number): Promise<void> {
  const { proxy, hands } = vcenter
  const random = seededRandom(seed)
  const before = new Set((await hands.machines()).map(({ id }) => id))
  const driver = await connect()
  const specs = Array.from({ length: MACHINES }, spec)
  proxy.addFault({ probability: 0.1, effect: { kind: 'delay', ms: 40 } })
  proxy.addFault({ probability: 0.01, effect: { kind: 'reset' } })
  proxy.addFault({ probability: 0.01, effect: { kind: 'lostAnswer' } })
  const work = Promise.all(specs.map(async (one) => await life(driver, one)))
  let isOver = false
  const expiry = (async () => {
    while (!isOver) {
      await delay(50 + random() * 300)
      await proxy.expireSessions(random() < 0.5 ? 'fault' : 'missingSet')
    }
  })()
  try {
    for (const [machine, ...others] of await work) {
      expect(others).toEqual([])
      expect(machine?.power).toBe('on')
    }
  } finally {
    isOver = true
    await expiry
  }
  await proxy.reset()
  const made = (await hands.machines()).filter(({ id }) => !before.has(id))
  expect(made.map(({ name, power }) => ({ name, power })).toSorted(byName)).toEqual(
    specs.map(({ name }) => ({ name, power: 'off' })).toSorted(byName),
  )
  await Promise.all(
    specs.map(async ({ name, marker }) => {
      const id = made.find((machine) => machine.name === name)?.id ?? ''
      await persist(() => driver.remove({ id, marker }))
    }),
  )
  expect((await hands.machines()).filter(({ id }) => !before.has(id))).toEqual([])
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name.localeCompare(b.name)
}

describeOnVcenters('a vCenter with late and lost answers, broken connections and sessions that expire', (bench) => {
  const first = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  for (let index = 0; index < RUNS; index += 1) {
    it(`makes each machine once and loses none (SEED=${first + index})`, async () => {
      await run(bench(), first + index)
    }, 120_000)
  }
})
