import type { ImageVersion, OwnedMachine } from '@vmunit/core'
import { expect, it } from 'vitest'
import type { VsphereDriver } from '../../src/index.ts'
import { type Bench, describeOnVcenters } from '../support/vcenters.ts'

const STEPS = ['Rename_Task', 'CreateSnapshot_Task', 'ReconfigVM_Task', 'MarkAsTemplate'] as const

async function candidate({ spec }: Bench, driver: VsphereDriver): Promise<{ machine: OwnedMachine; as: ImageVersion }> {
  const wanted = spec()
  const { id } = await driver.create(wanted)
  const as = { template: `tmpl-${wanted.name}`, version: 2, operationId: `${wanted.marker.operationId}/publish` }
  return { machine: { id, marker: wanted.marker }, as }
}

describeOnVcenters('publishing an image', (bench) => {
  for (const method of STEPS) {
    for (const kind of ['lostAnswer', 'reset'] as const) {
      it(`that breaks off at ${method} (${kind}) lists nothing, and another process completes it`, async () => {
        const { vcenter, connect } = bench()
        const driver = await connect()
        const { machine, as } = await candidate(bench(), driver)
        vcenter.proxy.addFault({ method, times: 1, effect: { kind } })
        await expect(driver.images.publish(machine, as)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
        const isLast = method === 'MarkAsTemplate' && kind === 'lostAnswer'
        const other = await connect()
        expect(await other.images.list(as.template)).toHaveLength(isLast ? 1 : 0)
        expect(await other.images.publish(machine, as)).toBe(machine.id)
        expect(await other.images.list(as.template)).toEqual([{ ...as, image: machine.id }])
        const truth = (await vcenter.hands.machines()).find(({ id }) => id === machine.id)
        expect(truth).toMatchObject({ isTemplate: true, name: `${as.template}-2` })
        expect(truth?.extraConfig['vmunit.marker'] ?? '').toBe('')
      })
    }
  }

  it('keeps the host keys that the machine had, and gives them to clones as keys to refuse', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    const { machine, as } = await candidate(bench(), driver)
    await vcenter.hands.reconfigure(machine.id, { 'guestinfo.vmunit.hostkeys': 'ssh-ed25519 AAAA' })
    const image = await driver.images.publish(machine, as)
    const made = await driver.create({ ...spec(), image })
    expect(made).toMatchObject({ hostKeys: [], imageHostKeys: ['ssh-ed25519 AAAA'], image })
  })

  it('keeps the host keys of a guest that was shut down, though a guest that is off publishes none', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    const { machine, as } = await candidate(bench(), driver)
    await driver.power(machine, 'on')
    await vcenter.hands.publish(machine.id, { 'guestinfo.vmunit.hostkeys': 'ssh-ed25519 AAAA' })
    await driver.power(machine, 'shutdown')
    const image = await driver.images.publish(machine, as)
    const made = await driver.create({ ...spec(), image })
    expect(made).toMatchObject({ hostKeys: [], imageHostKeys: ['ssh-ed25519 AAAA'], image })
  })

  it('makes clones that share its disks', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    const { machine, as } = await candidate(bench(), driver)
    const image = await driver.images.publish(machine, as)
    const since = vcenter.proxy.mark()
    await driver.create({ ...spec(), image })
    expect(vcenter.proxy.counts({ since })['CloneVM_Task']).toBe(1)
    await expect(driver.images.remove(image)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
  })

  it('of a name that something else has is a conflict, and the machine stays what it was', async () => {
    const { vcenter, connect } = bench()
    const driver = await connect()
    const { machine, as } = await candidate(bench(), driver)
    await vcenter.hands.createMachine({ name: `${as.template}-2` })
    await expect(driver.images.publish(machine, as)).rejects.toMatchObject({ code: 'ERR_CONFLICT', retryable: false })
    const { machines } = await driver.inventory({ ids: [machine.id] })
    expect(machines[0]?.marker).toEqual(machine.marker)
  })

  it('never removes a template that a person made', async () => {
    const { connect, image } = bench()
    const driver = await connect()
    await expect(driver.images.remove(image)).rejects.toMatchObject({ code: 'ERR_NOT_OWNED' })
  })
})
