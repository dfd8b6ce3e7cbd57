import { randomUUID } from 'node:crypto'
import type { BalancerLab } from '../../../src/testing/index.ts'
import { createSimulator, endLab, lostAnswer, type Simulator } from './simulator.ts'

/** The load balancer of a world. */
export async function openWorldBalancerLab(simulator: Simulator = createSimulator()): Promise<BalancerLab> {
  const { world, nextAddress } = simulator
  return {
    balancer: world.balancer,
    reopen: async () => world.as('reopened').balancer,
    newPool: () => ({ name: `pool-${randomUUID()}`, port: 80 }),
    newServer: () => ({ address: nextAddress(), port: 8080 }),
    loseNextAnswer: async (call) => await world.admin.faults([lostAnswer(`balancer.${call}`)]),
    setConnections: async (pool, slot, connections) => await world.admin.setConnections(pool, slot, connections),
    close: async () => await endLab(world),
  }
}
