import type { FleetResult, ManagementUnit, Run } from '@vmunit/core'
import type { MachineTruth, World, WorldEvent } from '@vmunit/core/testing'
import { leastServing, type Period } from './availability.ts'
import { type Screen, table } from './screen.ts'

export interface Told {
  readonly world: World
  readonly screen: Screen
}

/** What the run says it did to each server. */
export function reportOutcomes({ outcomes, warnings }: FleetResult, screen: Screen): void {
  screen.heading('Outcome')
  screen.say(table(outcomes.map(({ address, server, status }) => [address, server, status])))
  for (const warning of warnings) screen.say(`warning: ${warning}`)
}

export interface Units {
  readonly rolled: ManagementUnit
  /** Units that had to go on as if nothing happened. */
  readonly others: readonly ManagementUnit[]
}

/** What users noticed, and what became of everything else: not from our records, but from the log of the data centre. */
export async function reportAvailability(told: Told, run: Run, { rolled, others }: Units): Promise<void> {
  const { world, screen } = told
  screen.heading('Availability, from the log of the data centre')
  const period = await periodOf(run)
  const events = await world.admin.log()
  const machines = await world.admin.machines()
  const changed = changedMachines(events, period)
  const touched = (ids: readonly string[]): string => `${ids.filter((id) => changed.has(id)).length} of ${ids.length}`
  for (const unit of [rolled, ...others]) {
    const least = leastServing(events, unit, period)
    screen.say(`${unit.name}: never fewer than ${least} of ${unit.groups.length} groups served`)
  }
  for (const unit of others) screen.say(`${unit.name}: ${touched(boundIds(unit))} machines were touched`)
  const strangers = machines.filter(({ marker }) => marker === undefined).map(({ id }) => id)
  screen.say(`machines of strangers with look-alike names: ${touched(strangers)} were touched`)
  const bound = new Set([rolled, ...others].flatMap(boundIds))
  const left = machines.filter(({ id, marker }) => marker !== undefined && !bound.has(id))
  screen.say(`machines left over: ${left.length}`)
}

/** Each server's real machine: what it descends from and what the patch left in it. */
export async function reportMachines({ world, screen }: Told, unit: ManagementUnit): Promise<void> {
  screen.heading('What is really there')
  const images = new Map((await world.admin.images()).map((image) => [image.id, image]))
  const machines = new Map((await world.admin.machines()).map((machine) => [machine.id, machine]))
  const rows = unit.groups.flatMap(({ servers }) =>
    servers.map(async ({ address, slot, machine }) => {
      const truth = machines.get(machine?.id ?? '')
      const made = truth?.lineage.map((id) => `${images.get(id)?.template} ${images.get(id)?.version}`) ?? []
      return [address, slot, truth?.id ?? 'gone', `from ${made.join(' ← ')}`, await lastPatch(world, truth)]
    }),
  )
  screen.say(table(await Promise.all(rows)))
}

async function lastPatch(world: World, machine: MachineTruth | undefined): Promise<string> {
  const log = await world.admin.readFile(machine?.id ?? '', '/var/log/packages.log')
  return log?.trimEnd().split('\n').at(-1) ?? 'never patched'
}

async function periodOf(run: Run): Promise<Period> {
  const times = await Array.fromAsync(run.events({ follow: false }), ({ time }) => time)
  return { from: times[0] ?? 0, to: times.at(-1) ?? 0 }
}

/** The machines that the manager tried to change in a period. */
function changedMachines(events: readonly WorldEvent[], { from, to }: Period): ReadonlySet<string> {
  const calls = events.filter((event) => event.type === 'begun' && event.caller === 'manager')
  return new Set(
    calls.filter(({ time }) => time >= from && time <= to).map((call) => ('subject' in call ? call.subject : '')),
  )
}

function boundIds({ groups }: ManagementUnit): readonly string[] {
  return groups.flatMap(({ servers }) => servers.flatMap(({ machine }) => machine?.id ?? []))
}
