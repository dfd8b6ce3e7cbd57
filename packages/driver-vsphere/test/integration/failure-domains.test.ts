import type { Machine } from '@vmunit/core'
import { expect, it } from 'vitest'
import type { VsphereDriver, VsphereSettings } from '../../src/index.ts'
import { type Bench, describeOnVcenters } from '../support/vcenters.ts'

interface Site extends Bench {
  readonly driver: VsphereDriver
  /** Where the image is, and clones go when nobody says otherwise. */
  readonly home: string
  /** Another host of the cluster. */
  readonly other: string
  /** Makes a machine that is wanted on a host; says how many clones vCenter was asked for. */
  make(failureDomain: string | undefined): Promise<{ readonly machine: Machine; readonly clones: number }>
}

async function openSite(bench: Bench, settings: (hosts: readonly string[]) => VsphereSettings = () => ({})) {
  const { vcenter, image, connect, spec } = bench
  const hosts = await vcenter.hands.hosts()
  const home = hosts.find(({ machines }) => machines.includes(image))?.id ?? ''
  const other = hosts.find(({ id }) => id !== home)?.id ?? ''
  const driver = await connect(settings([home, other]))
  const site: Site = {
    ...bench,
    driver,
    home,
    other,
    async make(failureDomain) {
      const since = vcenter.proxy.mark()
      const machine = await driver.create({ ...spec(), failureDomain })
      return { machine, clones: vcenter.proxy.count({ since, method: 'CloneVM_Task' }) }
    },
  }
  return site
}

describeOnVcenters('the failure domain that is wished for', (bench) => {
  it('is where a machine comes up that replaces another one', async () => {
    const { vcenter, driver, home, other, make } = await openSite(bench())
    const olds = [(await make(home)).machine, (await make(other)).machine, (await make(other)).machine]
    expect(olds.map(({ failureDomain }) => failureDomain)).toEqual([home, other, other])
    for (const old of olds) {
      const { machine, clones } = await make(old.failureDomain)
      expect(machine.failureDomain).toBe(old.failureDomain)
      expect(clones).toBe(1)
      await driver.remove({ id: old.id, marker: old.marker as Exclude<Machine['marker'], string> })
    }
    const onOther = (await vcenter.hands.hosts()).find(({ id }) => id === other)?.machines
    expect(onOther).toHaveLength(2)
  })

  it('gives way at once while its host is in maintenance mode', async () => {
    const { vcenter, home, other, make } = await openSite(bench())
    await vcenter.hands.setMaintenance(other, true)
    try {
      expect(await make(other)).toMatchObject({ machine: { failureDomain: home }, clones: 1 })
    } finally {
      await vcenter.hands.setMaintenance(other, false)
    }
  })

  it('gives way at once while its host does not answer', async () => {
    const { vcenter, home, other, make } = await openSite(bench())
    await vcenter.proxy.hostNotResponding(other, true)
    expect(await make(other)).toMatchObject({ machine: { failureDomain: home }, clones: 1 })
  })

  it('gives way at once when there is no such host where clones go', async () => {
    const { home, make } = await openSite(bench())
    expect(await make('host-9999')).toMatchObject({ machine: { failureDomain: home }, clones: 1 })
  })

  it('comes after the host of the placement', async () => {
    const { home, other, make } = await openSite(bench(), ([, host]) => ({ placement: { host } }))
    expect(await make(home)).toMatchObject({ machine: { failureDomain: other }, clones: 1 })
  })

  it('gives way when its host refuses the clone, and the host is not asked again for a while', async () => {
    const { vcenter, home, other, make } = await openSite(bench())
    expect((await make(other)).machine.failureDomain).toBe(other)
    vcenter.proxy.addFault({ method: 'CloneVM_Task', times: 1, effect: { kind: 'fault', name: 'InvalidState' } })
    expect(await make(other)).toMatchObject({ machine: { failureDomain: home }, clones: 2 })
    expect(await make(other)).toMatchObject({ machine: { failureDomain: home }, clones: 1 })
    expect(await vcenter.hands.machines()).toHaveLength(4)
  })

  it('gives way when its host has left the inventory since it was looked at', async () => {
    const { vcenter, home, other, make } = await openSite(bench())
    const fields = `<obj type="HostSystem">${other}</obj>`
    vcenter.proxy.addFault({
      method: 'CloneVM_Task',
      times: 1,
      effect: { kind: 'fault', name: 'ManagedObjectNotFound', fields },
    })
    expect(await make(other)).toMatchObject({ machine: { failureDomain: home }, clones: 2 })
  })

  it('does not give way to what another host would not change', async () => {
    const { vcenter, other, make } = await openSite(bench())
    const since = vcenter.proxy.mark()
    for (const name of ['TaskInProgress', 'RequestCanceled']) {
      vcenter.proxy.addFault({ method: 'CloneVM_Task', times: 1, effect: { kind: 'fault', name } })
      await expect(make(other)).rejects.toMatchObject({ details: { fault: name } })
    }
    expect(vcenter.proxy.count({ since, method: 'CloneVM_Task' })).toBe(2)
    expect(await make(other)).toMatchObject({ machine: { failureDomain: other }, clones: 1 })
  })

  it('is no reason to hide why a clone fails everywhere, nor held against the host', async () => {
    const { vcenter, other, make } = await openSite(bench())
    vcenter.proxy.addFault({ method: 'CloneVM_Task', times: 2, effect: { kind: 'fault', name: 'InvalidDatastore' } })
    await expect(make(other)).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' })
    expect(await make(other)).toMatchObject({ machine: { failureDomain: other }, clones: 1 })
  })

  it('costs one look at the hosts, however many machines are made', async () => {
    const { vcenter, home, other, make } = await openSite(bench())
    const countOf = async (wishes: readonly (string | undefined)[]): Promise<number> => {
      const since = vcenter.proxy.mark()
      for (const wish of wishes) await make(wish)
      return vcenter.proxy.count({ since, method: 'RetrievePropertiesEx' })
    }
    await make(undefined)
    const without = await countOf(Array.from({ length: 8 }, () => undefined))
    const having = await countOf(Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? home : other)))
    expect(having).toBe(without + 1)
  })
})
