import { randomUUID } from 'node:crypto'
import type { HypervisorLab } from '@vmunit/core/testing'
import type { Vcenter } from '@vmunit/testbed'
import { connectVsphere, type VsphereDriver } from '../../../src/index.ts'

/** The facets of the driver. */
export const VSPHERE_FACETS = ['changes', 'diagnostics', 'failureDomains', 'limits', 'readdress', 'snapshots'] as const

/** Connects to a vCenter of the testbed. */
export async function connect({ url, username, password, ca }: Vcenter): Promise<VsphereDriver> {
  return await connectVsphere({ url, username, password, ca })
}

let given = 0

/** An address that no test of this process had before. */
export function nextAddress(): string {
  given += 1
  return `127.77.${100 + Math.floor(given / 250)}.${(given % 250) + 1}`
}

// What a call becomes whose answer is to be lost.
const METHODS = {
  create: 'CloneVM_Task',
  power: /^Power(On|Off)VM_Task$/,
  remove: 'Destroy_Task',
  adopt: 'ReconfigVM_Task',
  release: 'ReconfigVM_Task',
  publish: 'MarkAsTemplate',
} as const

/** A vCenter that several labs use one after another; each leaves it empty. */
export async function openVcenterLab(
  vcenter: Vcenter,
  open: () => Promise<VsphereDriver> = () => connect(vcenter),
): Promise<HypervisorLab> {
  const { hands, proxy } = vcenter
  const opened: VsphereDriver[] = []
  const reopen = async (): Promise<VsphereDriver> => {
    const driver = await open()
    opened.push(driver)
    return driver
  }
  const image = await hands.createMachine({ name: `image-${randomUUID().slice(0, 8)}` })
  await hands.markAsTemplate(image)
  return {
    driver: await reopen(),
    image,
    manager: 'contract',
    unit: `unit-${randomUUID()}`,
    linked: true,
    slowMs: 5_000,
    failureDomains: async () => {
      const [first, second] = await hands.hosts()
      if (first === undefined || second === undefined) throw new Error('the vCenter has fewer than two hosts')
      return [first.id, second.id]
    },
    networks: () => [{ name: 'management', address: nextAddress() }],
    reopen,
    machineByHand: async (name) => await hands.createMachine({ name, addresses: [nextAddress()] }),
    copyByHand: async (id, name) => await hands.clone(id, name),
    holdCreations: async (on) => await proxy.holdCreations(on),
    loseNextAnswer: async (call) => {
      proxy.addFault({ method: METHODS[call], times: 1, effect: { kind: 'lostAnswer' } })
    },
    goBlind: async (on) => {
      for (const { id } of await hands.hosts()) await proxy.hostNotResponding(id, on)
    },
    close: async () => {
      await Promise.all(opened.map((driver) => driver.close()))
      await proxy.reset()
      for (const { id } of await hands.machines()) await hands.destroy(id)
    },
  }
}
