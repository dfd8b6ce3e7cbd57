import { randomUUID } from 'node:crypto'
import type { CreateMachine, Marker } from '@vmunit/core'
import { availableVcsims, startVcenter, type Vcenter } from '@vmunit/testbed'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { connectVsphere, type VsphereDriver, type VsphereSettings } from '../../src/index.ts'

const BUILDS = await availableVcsims()

/** What a test has in its hands. */
export interface Bench {
  readonly vcenter: Vcenter
  /** An image that machines can be made from. */
  readonly image: string
  /** A driver that is closed after the test. */
  connect(settings?: VsphereSettings): Promise<VsphereDriver>
  /** Something to make that never was before. */
  spec(): CreateMachine
}

/** Registers tests once for each build of vcsim that this machine has; each has one vCenter, which is empty and unharmed before each test. */
export function describeOnVcenters(name: string, body: (bench: () => Bench) => void): void {
  describe.each(BUILDS)(`${name}, govmomi of %s`, (govmomi) => {
    let bench: Bench | undefined
    const opened: VsphereDriver[] = []

    beforeAll(async () => {
      const vcenter = await startVcenter({ govmomi, hosts: 2 })
      const image = await vcenter.hands.createMachine({ name: 'image' })
      await vcenter.hands.markAsTemplate(image)
      bench = {
        vcenter,
        image,
        async connect(settings = {}) {
          const { url, username, password, ca } = vcenter
          const driver = await connectVsphere({ url, username, password, ca, ...settings })
          opened.push(driver)
          return driver
        },
        spec: () => newSpec(image),
      }
    }, 300_000)
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((driver) => driver.close()))
      if (bench === undefined) return
      const { proxy, hands } = bench.vcenter
      await proxy.reset()
      for (const { id } of await hands.machines()) if (id !== bench.image) await hands.destroy(id)
    })
    afterAll(async () => await bench?.vcenter.close())

    body(() => {
      if (bench === undefined) throw new Error('the vCenter did not start')
      return bench
    })
  })
}

let given = 0

function newSpec(image: string): CreateMachine {
  given += 1
  const name = `web-${randomUUID().slice(0, 8)}`
  const marker: Marker = { manager: 'test', unit: 'unit_a', slot: `g/web/${given}`, operationId: `run/${name}#1` }
  const address = `127.77.${Math.floor(given / 250)}.${(given % 250) + 1}`
  return { marker, name, image, networks: [{ name: 'management', address }] }
}
