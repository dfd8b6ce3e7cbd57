import type { Gate, Plan, PlannedServer, Wave } from '../domain/plan.ts'
import type { Share } from '../domain/share.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { assertNever } from '../internal/assert-never.ts'
import { checkGivenPlan } from './check-arguments.ts'

/**
 * A plan as text for people: what it does to which unit, each server with its action and reason, in which order, and what to know
 * before starting it.
 *
 * @throws TypeError when it is given a promise of a plan.
 */
export function formatPlan(plan: Plan): string {
  checkGivenPlan(plan)
  const lines = [formatHead(plan)]
  lines.push(...formatServers(plan.servers), ...formatPhases(plan))
  if (plan.back.length > 0) lines.push(`  on failure: ${plan.back.map(({ name }) => name).join(' → ')}`)
  for (const note of plan.notes) lines.push(`  note: ${note}`)
  for (const warning of plan.warnings) lines.push(`  warning: ${warning}`)
  const { steps } = plan.estimate
  lines.push(
    steps === 0
      ? '  nothing to do'
      : `  ${formatCount(steps, 'step')}, about ${formatDuration(plan.estimate.durationMs)}`,
  )
  return lines.join('\n')
}

function formatHead({ hash, operation, unit, servers }: Plan): string {
  const parts = [`plan ${hash.slice(0, 12)}`, operation.name]
  if (unit !== undefined) parts.push(unit)
  if (servers.length > 0)
    parts.push(`${formatCount(servers.length, 'server')} in ${formatCount(groupsOf(servers).size, 'group')}`)
  return parts.join(' · ')
}

function formatServers(servers: readonly PlannedServer[]): readonly string[] {
  const widths = [
    Math.max(0, ...servers.map(({ address }) => address.length)),
    Math.max(0, ...servers.map(({ server }) => server.length)),
    Math.max(0, ...servers.map(({ action }) => action.length)),
  ] as const
  return [...groupsOf(servers)].flatMap(([group, members]) => [
    `  ${group}`,
    ...members.map(
      ({ address, server, action, reason }) =>
        `    ${address.padEnd(widths[0])}  ${server.padEnd(widths[1])}  ${action.padEnd(widths[2])}  ${reason}`,
    ),
  ])
}

function groupsOf(servers: readonly PlannedServer[]): ReadonlyMap<string, readonly PlannedServer[]> {
  return Map.groupBy(servers, ({ server }) => groupOfSlot(server))
}

function formatPhases({ phases }: Plan): readonly string[] {
  return phases.map(({ name, changes, waves }, index) => {
    return `  phase ${index + 1}: ${name} · ${formatCount(changes.length, 'group')} · ${formatWaves(waves)}`
  })
}

function formatWaves(waves: readonly Wave[]): string {
  return waves.map((wave, index) => formatWave(wave, shareOf(wave, { index, last: waves.length - 1 }))).join(', then ')
}

/** Only the last wave goes on until all is done; those before it take their share once. */
function shareOf({ groups }: Wave, { index, last }: { readonly index: number; readonly last: number }): string {
  if (groups === '100%') return 'all at once'
  if (index === last) return `${groups} at a time`
  return index === 0 ? `first ${groups}` : `${groups} at once`
}

function formatWave({ groups, surge, soakMs, gate, maxFailures }: Wave, share: string): string {
  const parts = [surge === undefined ? share : formatBeside(groups, surge)]
  if (soakMs !== undefined && soakMs > 0) parts.push(`soaking ${formatDuration(soakMs)}`)
  if (gate !== undefined) parts.push(formatGate(gate))
  if (maxFailures === '100%') parts.push('each for itself')
  else if (maxFailures !== undefined) parts.push(`up to ${maxFailures} may fail`)
  return parts.join(' ')
}

function formatBeside(groups: Share, surge: Share): string {
  return `${groups === '100%' ? 'all' : groups}, ${surge} at a time beside those that serve`
}

function formatGate(gate: Gate): string {
  switch (gate.kind) {
    case 'approval':
      return 'after an approval'
    case 'until':
      return `not before ${new Date(gate.time).toISOString()}`
    default:
      return assertNever(gate, 'gate')
  }
}

function formatCount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Milliseconds as people say them. */
function formatDuration(ms: number): string {
  if (ms < 120_000) return `${Math.ceil(ms / 1000)} s`
  if (ms < 3_600_000) return `${Math.ceil(ms / 60_000)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}
