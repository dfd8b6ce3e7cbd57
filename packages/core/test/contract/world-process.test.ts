import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import {
  connectWorld,
  startWorld,
  testGuestAccess,
  testHypervisorDriver,
  testLoadBalancer,
  type WorldProcess,
} from '../../src/testing/index.ts'
import { createSimulator, type Simulator } from './labs/simulator.ts'
import { openWorldBalancerLab } from './labs/world-balancer-lab.ts'
import { openWorldGuestLab } from './labs/world-guest-lab.ts'
import { openWorldHypervisorLab, WORLD_FACETS } from './labs/world-hypervisor-lab.ts'

// One process serves all rules: they must also hold where much is there already.
describe('over the socket of a world process', () => {
  const { nextAddress } = createSimulator()
  let directory: string
  let started: WorldProcess

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vmunit-contract-'))
    started = await startWorld({ directory, world: { limits: { create: 8 } } })
  })

  afterAll(async () => {
    const world = await connectWorld(started.socket)
    await world.stop()
    await rm(directory, { recursive: true })
  })

  const connect = async (): Promise<Simulator> => ({ world: await connectWorld(started.socket), nextAddress })
  const runner = { describe, it }

  testHypervisorDriver({
    runner,
    facets: WORLD_FACETS,
    create: async () => await openWorldHypervisorLab(await connect()),
  })
  testGuestAccess({ runner, create: async () => await openWorldGuestLab(await connect()) })
  testLoadBalancer({
    runner,
    facets: ['connections'],
    create: async () => await openWorldBalancerLab(await connect()),
  })
})
