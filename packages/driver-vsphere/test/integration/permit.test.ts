import type { OwnedMachine } from '@vmunit/core'
import { afterEach, expect, it } from 'vitest'
import { connectVsphere, type VsphereDriver } from '../../src/index.ts'
import { createNodeVsphereSoapTransport } from '../../src/node-vsphere-soap/index.ts'
import { type OpenClient, openClient } from '../support/node-vsphere-soap-client.ts'
import { type Bench, describeOnVcenters } from '../support/vcenters.ts'

const REFUSAL = new Error('the run belongs to another process now')

async function machineOf({ spec }: Bench, driver: VsphereDriver): Promise<OwnedMachine> {
  const wanted = spec()
  const { id } = await driver.create(wanted)
  return { id, marker: wanted.marker }
}

describeOnVcenters('a permission that is lost', (bench) => {
  const open: AsyncDisposable[] = []
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]()
  })

  const drivers: Readonly<Record<string, () => Promise<VsphereDriver>>> = {
    'our own transport': async () => await bench().connect(),
    'node-vsphere-soap': async () => {
      const client: OpenClient = await openClient(bench().vcenter)
      const driver = await connectVsphere({ transport: createNodeVsphereSoapTransport(client.client) })
      open.push(client, driver)
      return driver
    },
  }

  for (const [name, connect] of Object.entries(drivers)) {
    it(`while an expired session is renewed keeps the repetition from being sent, over ${name}`, async () => {
      const { vcenter } = bench()
      const driver = await connect()
      const machine = await machineOf(bench(), driver)
      const since = vcenter.proxy.mark()
      vcenter.proxy.addFault({
        method: 'PowerOnVM_Task',
        times: 1,
        effect: { kind: 'fault', name: 'NotAuthenticated', fields: '' },
      })
      const permit = (): void => {
        if (vcenter.proxy.count({ since, method: 'Login' }) > 0) throw REFUSAL
      }
      await expect(driver.power(machine, 'on', { permit })).rejects.toBe(REFUSAL)
      expect(vcenter.proxy.counts({ since })).toMatchObject({ PowerOnVM_Task: 1, Login: 1 })
      expect((await vcenter.hands.machines()).find(({ id }) => id === machine.id)).toMatchObject({ power: 'off' })
      await driver.power(machine, 'on', { permit: () => {} })
      expect((await vcenter.hands.machines()).find(({ id }) => id === machine.id)).toMatchObject({ power: 'on' })
    })

    it(`in the middle of a publication stops it before the next request, over ${name}`, async () => {
      const { vcenter } = bench()
      const driver = await connect()
      const machine = await machineOf(bench(), driver)
      const as = { template: 'tmpl', version: 1, operationId: `${machine.marker.operationId}/publish` }
      const since = vcenter.proxy.mark()
      const permit = (): void => {
        if (vcenter.proxy.count({ since, method: 'CreateSnapshot_Task' }) > 0) throw REFUSAL
      }
      await expect(driver.images.publish(machine, as, { permit })).rejects.toBe(REFUSAL)
      const counts = vcenter.proxy.counts({ since })
      expect(counts).toMatchObject({ Rename_Task: 1, CreateSnapshot_Task: 1 })
      expect([counts['ReconfigVM_Task'], counts['MarkAsTemplate']]).toEqual([undefined, undefined])
      expect(await driver.images.publish(machine, as, { permit: () => {} })).toBe(machine.id)
    })

    it(`by one of two who make the same machine stops nothing, over ${name}`, async () => {
      const { vcenter, spec } = bench()
      const driver = await connect()
      const wanted = spec()
      const refuse = (): void => {
        throw REFUSAL
      }
      const [made, again] = await Promise.all([driver.create(wanted), driver.create(wanted, { permit: refuse })])
      expect(again.id).toBe(made.id)
      const other = spec()
      const both = [driver.create(other, { permit: refuse }), driver.create(other, { permit: refuse })]
      for (const one of both) await expect(one).rejects.toBe(REFUSAL)
      expect((await vcenter.hands.machines()).filter((one) => one.name === other.name)).toEqual([])
    })
  }
})
