import { connectWorld, type FaultRule, startWorld, type World } from '@vmunit/core/testing'
import { leastServing } from './availability.ts'
import type { DataCentre, Evidence, Period, ProvidedMachine } from './data-centre.ts'

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

/** A data centre on the simulator, and the truth about it. */
export interface SimulatedDataCentre extends DataCentre {
  readonly world: World
}

/**
 * Starts the simulated data centre in a process of its own, or finds the one of an earlier start: it does not notice
 * when this process is killed, and remembers every call.
 */
export async function openSimulatedDataCentre(directory: string): Promise<SimulatedDataCentre> {
  const { socket } = await startWorld({ directory, world: { latencyMs: LATENCY } })
  const world = await connectWorld(socket, { caller: 'manager' })
  const byHand = world.as('resource manager').admin
  return {
    title: 'a simulated data centre',
    world,
    drivers: { hypervisors: { main: world.hypervisor }, balancers: { edge: world.balancer }, guests: world.guests },
    patch: ['dnf', '-y', 'upgrade', '--security'],
    place: (groups) => groups,
    async provideImage(template) {
      const existing = (await byHand.images()).find((image) => image.template === template && image.version === 1)
      const files = { '/etc/release': `${template} 1\n` }
      return existing?.id ?? (await byHand.addImage({ template, version: 1, files }))
    },
    async provideMachine(machine: ProvidedMachine) {
      const existing = await byHand.machines()
      if (!existing.some(({ name }) => name === machine.name)) await byHand.addMachine({ ...machine, power: 'on' })
    },
    async slowDown(pace) {
      const rules = Object.entries(BUSY_DAY).map(
        ([call, ms]): FaultRule => ({ call, effect: { type: 'delay', ms: ms * pace } }),
      )
      await world.as('audience').admin.faults(rules)
    },
    // The world keeps a record of every change by itself.
    beginWatching: async () => {},
    async patchIn({ machine }) {
      const log = await world.admin.readFile(machine?.id ?? '', '/var/log/packages.log')
      return log?.trimEnd().split('\n').at(-1)
    },
    evidence: async (period) => await evidenceOf(world, period),
    async close({ keep }) {
      await (keep ? world.close() : world.stop())
    },
  }
}

async function evidenceOf({ admin }: World, period: Period): Promise<Evidence> {
  const events = await admin.log()
  const machines = await admin.machines()
  const images = new Map((await admin.images()).map((image) => [image.id, image]))
  const calls = events.filter(
    (event) =>
      event.type === 'begun' && event.caller === 'manager' && event.time >= period.from && event.time <= period.to,
  )
  const versionOf = (id: string): string => `${images.get(id)?.template} ${images.get(id)?.version}`
  return {
    leastServing: (unit) => leastServing(events, unit, period),
    changed: new Set(calls.map((call) => ('subject' in call ? call.subject : ''))),
    strangers: machines.filter(({ marker }) => marker === undefined).map(({ id }) => id),
    marked: machines.filter(({ marker }) => marker !== undefined).map(({ id }) => id),
    lineageOf: (machine) => machines.find(({ id }) => id === machine)?.lineage.map(versionOf),
  }
}
