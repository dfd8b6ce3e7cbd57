import { connectWorld, type FaultRule, startWorld, type World } from '@vmunit/core/testing'

/** How long the simulated platform takes for things, in milliseconds. */
const LATENCY = { create: 150, power: 50, publish: 100, push: 20, exec: 5, balancer: 5, remove: 20 }

/** What is added while servers are replaced, as on a platform with more to do than this demo. */
const BUSY_DAY = {
  'hypervisor.create': 1_600,
  'hypervisor.power': 700,
  'hypervisor.remove': 500,
  'guests.push': 400,
  'guests.startJob': 250,
  'balancer.traffic': 300,
}

/**
 * Starts the simulated data centre in a process of its own, or finds the one of an earlier start: it does not notice
 * when this process is killed, and remembers every call.
 */
export async function openDataCentre(directory: string): Promise<World> {
  const { socket } = await startWorld({ directory, world: { latencyMs: LATENCY } })
  return await connectWorld(socket, { caller: 'manager' })
}

/** From now on a person can follow what happens. */
export async function slowDown(world: World, pace: number): Promise<void> {
  const rules = Object.entries(BUSY_DAY).map(
    ([call, ms]): FaultRule => ({ call, effect: { type: 'delay', ms: ms * pace } }),
  )
  await world.as('audience').admin.faults(rules)
}
