import type { JournalRecord } from '@vmunit/core'
import type { CallEvent, MachineTruth, WorldEvent } from '@vmunit/core/testing'
import { GROUPS, UNIT } from './fleet-parts.ts'

/** What a log proves about a story, for comparison with the undisturbed one. */
export interface Evidence {
  /** The operation ids under which machines were made; each made one machine. */
  readonly creations: readonly string[]
  /** The operation ids under which commands ran. */
  readonly jobs: readonly string[]
  /** Creations and publications that were asked for again although they had taken effect: somebody did not look. */
  readonly repeated: readonly string[]
  /** The least number of groups that served, at any moment. */
  readonly leastServing: number
  /** The most changes that had begun and not ended, at any moment. */
  readonly mostInWork: number
  /** Steps that did not begin and end exactly once. */
  readonly unsteady: readonly string[]
  /** Calls about the unit that nobody works on, or a machine that bears no marker of ours. */
  readonly strayCalls: readonly string[]
}

export interface Story {
  /** The machines before the story began. */
  readonly before: readonly MachineTruth[]
  /** The world's log from the beginning of the story on. */
  readonly log: readonly WorldEvent[]
  readonly run: string
  readonly journal: readonly JournalRecord[]
}

export function evidenceOf({ before, log, run, journal }: Story): Evidence {
  const done = log.flatMap((event) =>
    event.type === 'call' && event.mutating && event.outcome === 'ok' ? [event] : [],
  )
  const idsOf = (call: string): readonly string[] =>
    [
      ...new Set(done.flatMap((event) => (event.call === call ? [(event.operationId ?? '').replace(run, 'RUN')] : []))),
    ].sort()
  return {
    creations: idsOf('hypervisor.create'),
    jobs: idsOf('guests.startJob'),
    repeated: repeatedCalls(done),
    leastServing: leastServing(before, log),
    mostInWork: mostInWork(journal),
    unsteady: unsteadySteps(journal),
    strayCalls: strayCalls(before, log),
  }
}

const ONCE = new Set(['hypervisor.create', 'hypervisor.images.publish'])

function repeatedCalls(done: readonly CallEvent[]): readonly string[] {
  const once = done.filter(({ call }) => ONCE.has(call)).map(({ call, operationId }) => `${call} ${operationId}`)
  return once.filter((name, index) => once.indexOf(name) !== index)
}

/** The least number of groups all of whose servers served, at any moment. */
export function leastServing(before: readonly MachineTruth[], log: readonly WorldEvent[]): number {
  const serving = new Map<string, string>()
  for (const { id, marker, serving: serves } of before) {
    if (serves && marker?.unit === UNIT) serving.set(id, marker.slot)
  }
  const slotsOf = new Map(GROUPS.map(({ name, servers }) => [name, servers.map(({ tierId }) => `${name}/${tierId}/0`)]))
  const count = (): number => {
    const slots = new Set(serving.values())
    return [...slotsOf.values()].filter((all) => all.every((slot) => slots.has(slot))).length
  }
  let least = count()
  for (const event of log) {
    if (event.type !== 'serving') continue
    if (event.serving && event.unit === UNIT && event.slot !== null) serving.set(event.machine, event.slot)
    else serving.delete(event.machine)
    least = Math.min(least, count())
  }
  return least
}

interface ChangeData {
  readonly change: string
}

/** How many changes were begun and not ended, at most. */
function mostInWork(journal: readonly JournalRecord[]): number {
  const inWork = new Set<string>()
  let most = 0
  for (const { type, data } of journal) {
    if (!type.startsWith('change.')) continue
    const { change } = data as unknown as ChangeData
    if (type === 'change.began') inWork.add(change)
    else inWork.delete(change)
    most = Math.max(most, inWork.size)
  }
  return most
}

function unsteadySteps(journal: readonly JournalRecord[]): readonly string[] {
  const seen = new Map<string, string[]>()
  for (const { type, data } of journal) {
    if (!type.startsWith('step.') || type === 'step.retried') continue
    const { step, attempt } = data as { readonly step: string; readonly attempt: number }
    const key = `${step}#${attempt}`
    seen.set(key, [...(seen.get(key) ?? []), type])
  }
  const isSteady = (types: readonly string[]): boolean =>
    ['step.began,step.done', 'step.began,step.failed', 'step.skipped'].includes(types.join(','))
  return [...seen].flatMap(([step, types]) => (isSteady(types) ? [] : [`${step}: ${types.join(', ')}`]))
}

function strayCalls(before: readonly MachineTruth[], log: readonly WorldEvent[]): readonly string[] {
  const foreign = new Set(
    before
      .filter(({ marker, addresses }) => marker?.unit !== UNIT && !addresses.some((address) => OURS.has(address)))
      .flatMap(({ id, name, addresses }) => [id, name, ...addresses]),
  )
  return log.flatMap((event) =>
    event.type === 'begun' && !event.call.startsWith('admin.') && foreign.has(event.subject)
      ? [`${event.call} ${event.subject}`]
      : [],
  )
}

const OURS: ReadonlySet<string> = new Set(GROUPS.flatMap(({ servers }) => servers.map(({ address }) => address)))
