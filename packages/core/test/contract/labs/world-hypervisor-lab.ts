import { randomUUID } from 'node:crypto'
import type { HypervisorLab } from '../../../src/testing/index.ts'
import { createSimulator, endLab, lostAnswer, type Simulator } from './simulator.ts'

/** The facets of the simulator when it has limits. */
export const WORLD_FACETS = ['diagnostics', 'failureDomains', 'limits', 'readdress'] as const

/** The hypervisor of a world. */
export async function openWorldHypervisorLab(simulator: Simulator = createSimulator()): Promise<HypervisorLab> {
  const { world, nextAddress } = simulator
  const { admin, hypervisor } = world
  const image = await admin.addImage({ files: { '/etc/motd': 'hello' } })
  const domains = async (): Promise<readonly string[]> => {
    const names = (await admin.machines()).map((machine) => machine.failureDomain)
    return [...new Set(names)]
  }
  return {
    driver: hypervisor,
    image,
    manager: 'contract',
    unit: `unit-${randomUUID()}`,
    linked: true,
    failureDomains: async () => ['rack-a', 'rack-b'],
    networks: () => [{ name: 'management', address: nextAddress() }],
    reopen: async () => world.as('reopened').hypervisor,
    machineByHand: async (name) => await admin.addMachine({ name, image, addresses: [nextAddress()] }),
    copyByHand: async (id, name) => await admin.cloneMachine(id, { name }),
    holdCreations: async (on) => await admin.holdCreations(on),
    loseNextAnswer: async (call) =>
      await admin.faults([lostAnswer(call === 'publish' ? 'hypervisor.images.publish' : `hypervisor.${call}`)]),
    goBlind: async (on) => await admin.blind(on ? await domains() : []),
    close: async () => await endLab(world),
  }
}
