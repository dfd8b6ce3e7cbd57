import type { FleetResult, ManagementUnit } from '@vmunit/core'
import type { DataCentre, Evidence } from './data-centre.ts'
import { type Screen, table } from './screen.ts'

/** What the run says it did to each server. */
export function reportOutcomes({ outcomes, warnings }: FleetResult, screen: Screen): void {
  screen.heading('Outcome')
  screen.say(table(outcomes.map(({ address, server, status }) => [address, server, status])))
  for (const warning of warnings) screen.say(`warning: ${warning}`)
}

export interface Affected {
  readonly rolled: readonly ManagementUnit[]
  /** Units that had to go on as if nothing happened. */
  readonly others: readonly ManagementUnit[]
  readonly screen: Screen
}

/** What users noticed, and what became of everything else: not from our records, but from those of the data centre. */
export function reportAvailability(evidence: Evidence, { rolled, others, screen }: Affected): void {
  const { changed, strangers, marked } = evidence
  const touched = (ids: readonly string[]): string => `${ids.filter((id) => changed.has(id)).length} of ${ids.length}`
  screen.heading('Availability, from the log of the data centre')
  for (const unit of [...rolled, ...others]) {
    screen.say(`${unit.name}: never fewer than ${evidence.leastServing(unit)} of ${unit.groups.length} groups served`)
  }
  for (const unit of others) screen.say(`${unit.name}: ${touched(boundIds(unit))} machines were touched`)
  screen.say(`machines of strangers with look-alike names: ${touched(strangers)} were touched`)
  const bound = new Set([...rolled, ...others].flatMap(boundIds))
  screen.say(`machines left over: ${marked.filter((id) => !bound.has(id)).length}`)
}

export interface PatchedServers {
  readonly units: readonly ManagementUnit[]
  /** `unit slot` of the servers that carried the patch before it was rolled out, and afterwards. */
  readonly before: ReadonlySet<string>
  readonly after: ReadonlySet<string>
  readonly screen: Screen
}

/** Which servers carried the patch before and after, asked in the servers themselves. */
export function reportPatched({ units, before, after, screen }: PatchedServers): void {
  for (const { name, groups } of units) {
    const all = groups.flatMap(({ servers }) => servers.map(({ slot }) => `${name} ${slot}`))
    const count = (patched: ReadonlySet<string>): number => all.filter((server) => patched.has(server)).length
    screen.say(`${name}: patched in ${count(before)} of ${all.length} servers before, in ${count(after)} afterwards`)
  }
}

export interface Reported {
  readonly units: readonly ManagementUnit[]
  readonly dataCentre: DataCentre
  readonly screen: Screen
}

/** Each server's real machine: what it descends from and what the patch left in it. */
export async function reportMachines(evidence: Evidence, { units, dataCentre, screen }: Reported): Promise<void> {
  screen.heading('What is really there')
  const rows = units.flatMap(({ name, groups }) =>
    groups.flatMap(({ servers }) =>
      servers.map(async (server) => {
        const { address, slot, machine } = server
        const lineage = evidence.lineageOf(machine?.id ?? '')
        const origin = lineage === undefined ? 'gone' : `${machine?.id}  from ${lineage.join(' ← ')}`
        return [name, address, slot, origin, (await dataCentre.patchIn(server)) ?? 'never patched']
      }),
    ),
  )
  screen.say(table(await Promise.all(rows)))
}

function boundIds({ groups }: ManagementUnit): readonly string[] {
  return groups.flatMap(({ servers }) => servers.flatMap(({ machine }) => machine?.id ?? []))
}
