import type { CreateMachine } from '@vmunit/core'
import { expect, it } from 'vitest'
import type { VsphereDriver } from '../../src/index.ts'
import { type Bench, describeOnVcenters } from '../support/vcenters.ts'

const IN_FLIGHT = 64
const OPERATIONS = 256
/** Calls for each operation, the marker read again and the end awaited. */
const BAR = 1.1

/** Works on all, so many at a time. */
async function all<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items]
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
}

/** Runs a phase, and says how many calls went to vCenter for each operation. */
async function callsFor({ vcenter }: Bench, phase: () => Promise<void>): Promise<number> {
  const since = vcenter.proxy.mark()
  await phase()
  return vcenter.proxy.count({ since }) / OPERATIONS
}

async function warmUp(driver: VsphereDriver, spec: CreateMachine): Promise<void> {
  const { id } = await driver.create(spec)
  await driver.remove({ id, marker: spec.marker })
}

describeOnVcenters('with 64 operations in flight, on first attempts', (bench) => {
  it(`no kind of operation costs more than ${BAR} calls each, and every marker is read again first`, async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    const hosts = await vcenter.hands.hosts()
    const specs = Array.from({ length: OPERATIONS }, (_, index) => {
      return { ...spec(), failureDomain: hosts[index % hosts.length]?.id }
    })
    await warmUp(driver, spec())
    const ids = new Map<string, string>()
    const misplaced: string[] = []
    const owned = (one: CreateMachine) => ({ id: ids.get(one.name) ?? '', marker: one.marker })
    const phases: Readonly<Record<string, (one: CreateMachine) => Promise<unknown>>> = {
      create: async (one) => {
        const { id, failureDomain } = await driver.create(one)
        ids.set(one.name, id)
        if (failureDomain !== one.failureDomain) misplaced.push(id)
      },
      on: async (one) => await driver.power(owned(one), 'on'),
      shutdown: async (one) => await driver.power(owned(one), 'shutdown'),
      remove: async (one) => await driver.remove(owned(one)),
    }
    const figures: Record<string, number> = {}
    for (const [name, work] of Object.entries(phases)) {
      figures[name] = await callsFor(bench(), async () => await all(specs, work))
    }
    console.log('calls for each operation', JSON.stringify(figures), `vcsim ${vcenter.version}`)
    for (const [name, figure] of Object.entries(figures)) expect(figure, name).toBeLessThanOrEqual(BAR)
    expect(new Set(ids.values()).size).toBe(OPERATIONS)
    expect(misplaced).toEqual([])
  }, 300_000)
})
