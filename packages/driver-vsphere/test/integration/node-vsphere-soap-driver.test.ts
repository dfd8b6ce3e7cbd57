import { randomUUID } from 'node:crypto'
import type { CreateMachine } from '@vmunit/core'
import { availableVcsims, startVcenter, type Vcenter } from '@vmunit/testbed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectVsphere, type VsphereDriver } from '../../src/index.ts'
import { createNodeVsphereSoapTransport } from '../../src/node-vsphere-soap/index.ts'
import { type OpenClient, openClient } from '../support/node-vsphere-soap-client.ts'

function specFor(image: string, name: string): CreateMachine {
  const operationId = `${randomUUID()}/create#1`
  return { marker: { manager: 'manager', unit: 'gyoumu_a', slot: name, operationId }, name, image, networks: [] }
}

describe.each(await availableVcsims())('the driver over node-vsphere-soap, govmomi from %s', (govmomi) => {
  let vcenter: Vcenter
  let open: OpenClient
  let driver: VsphereDriver
  let image: string

  beforeAll(async () => {
    vcenter = await startVcenter({ govmomi })
    image = await vcenter.hands.createMachine({ name: 'template' })
    await vcenter.hands.markAsTemplate(image)
    open = await openClient(vcenter)
    driver = await connectVsphere({ transport: createNodeVsphereSoapTransport(open.client) })
  })
  afterAll(async () => {
    await vcenter?.proxy.reset()
    await driver?.close()
    await open?.close()
    await vcenter?.close()
  })

  it('makes, starts, stops and removes a machine, in the one session of the client', async () => {
    const spec = specFor(image, 'ap01')
    const owned = { id: (await driver.create(spec)).id, marker: spec.marker }
    await driver.power(owned, 'on')
    expect((await driver.inventory({ unit: 'gyoumu_a' })).machines).toMatchObject([{ name: 'ap01', power: 'on' }])
    await driver.power(owned, 'off')
    await driver.remove(owned)
    expect((await driver.inventory({ unit: 'gyoumu_a' })).machines).toEqual([])
    expect((await vcenter.hands.machines()).map(({ name }) => name)).toEqual(['template'])
    expect(vcenter.proxy.counts()).toMatchObject({ Login: 1, CloneVM_Task: 1, PowerOnVM_Task: 1, Destroy_Task: 1 })
  })

  it.each(['fault', 'missingSet'] as const)('goes on when the session expires, told by a %s', async (how) => {
    const spec = specFor(image, `expired-${how}`)
    const { id } = await driver.create(spec)
    await vcenter.proxy.expireSessions(how)
    await driver.power({ id, marker: spec.marker }, 'on')
    expect((await driver.inventory({ ids: [id] })).machines).toMatchObject([{ power: 'on' }])
  })

  it('answers again after vCenter was away', async () => {
    vcenter.proxy.down(true)
    await expect(driver.inventory({ unit: 'gyoumu_a' })).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
      retryable: true,
    })
    vcenter.proxy.down(false)
    await driver.inventory({ unit: 'gyoumu_a' })
    expect(open.client.status).toBe('ready')
  })
})
