import { type JournalRecord, type Plan, stepsOf } from '@vmunit/core'
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
  /** Operation ids that more than one machine bears at the end. */
  readonly duplicates: readonly string[]
  /** Machines at the end that bear our marker and that no document knows. */
  readonly orphans: readonly string[]
  /** The least number of groups that served, at any moment. */
  readonly leastServing: number
  /** The most changes that had begun and not ended, at any moment. */
  readonly mostInWork: number
  /** Steps that did not begin and end exactly once. */
  readonly unsteady: readonly string[]
  /** Changes that began while one of an earlier phase had not ended. */
  readonly outOfOrder: readonly string[]
  /** Whether the run waited for people, without a lease. */
  readonly waited: boolean
  /** Takeovers with one group in flight whose first record is about another one. */
  readonly notContinued: readonly string[]
  /** Calls about the unit that nobody works on, or a machine that bears no marker of ours. */
  readonly strayCalls: readonly string[]
}

export interface Story {
  /** The machines before the story began. */
  readonly before: readonly MachineTruth[]
  /** The machines at its end, and everything that is stored then; where nothing is given, nothing is compared. */
  readonly after?: { readonly machines: readonly MachineTruth[]; readonly documents: ReadonlyMap<string, unknown> }
  /** The world's log from the beginning of the story on. */
  readonly log: readonly WorldEvent[]
  readonly run: string
  readonly journal: readonly JournalRecord[]
}

export function evidenceOf({ before, after, log, run, journal }: Story): Evidence {
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
    ...leftovers(after),
    leastServing: leastServing(before, log),
    mostInWork: mostInWork(journal),
    unsteady: unsteadySteps(journal),
    outOfOrder: outOfOrder(journal),
    waited: journal.some(({ type, data }) => type === 'run.waiting' && JSON.stringify(data).includes('"request"')),
    notContinued: notContinued(journal),
    strayCalls: strayCalls(before, log),
  }
}

const ONCE = new Set(['hypervisor.create', 'hypervisor.images.publish', 'guests.startJob'])

function repeatedCalls(done: readonly CallEvent[]): readonly string[] {
  const once = done.filter(({ call }) => ONCE.has(call)).map(({ call, operationId }) => `${call} ${operationId}`)
  return once.filter((name, index) => once.indexOf(name) !== index)
}

function leftovers(after: Story['after']): Pick<Evidence, 'duplicates' | 'orphans'> {
  const marked = (after?.machines ?? []).flatMap(({ id, marker }) => (marker === undefined ? [] : [{ id, marker }]))
  const ids = marked.map(({ marker }) => marker.operationId)
  const known = JSON.stringify([...(after?.documents.values() ?? [])])
  return {
    duplicates: ids.filter((id, index) => ids.indexOf(id) !== index),
    orphans: marked.flatMap(({ id, marker }) => (known.includes(`"${id}"`) ? [] : [`${id} ${marker.operationId}`])),
  }
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

/** `forward:1:vmgroup_2`: what began before all changes of the phases before had ended. */
function outOfOrder(journal: readonly JournalRecord[]): readonly string[] {
  const open = new Set<string>()
  const found: string[] = []
  for (const { type, data } of journal) {
    if (!type.startsWith('change.')) continue
    const { change } = data as unknown as ChangeData
    if (type !== 'change.began') {
      open.delete(change)
      continue
    }
    const phaseOf = (key: string): string => key.split(':', 2).join(':')
    if ([...open].some((other) => phaseOf(other) !== phaseOf(change))) found.push(change)
    open.add(change)
  }
  return found
}

/** After each takeover with one group in flight, the first step that ends must be one of that group. */
function notContinued(journal: readonly JournalRecord[]): readonly string[] {
  const groups = groupsOfSteps(journal)
  const open = new Set<string>()
  let expected: string | undefined
  const found: string[] = []
  for (const { seq, type, data } of journal) {
    if (type === 'run.owned') expected = open.size === 1 ? [...open][0] : undefined
    if (!type.startsWith('change.') && !type.startsWith('step.')) continue
    const { change, step } = data as { readonly change?: string; readonly step?: string }
    // `forward:0:<group>`, and a group may be called `web-base:2`.
    const group = expected?.split(':').slice(2).join(':')
    const isOther = change === undefined ? groups.get(step ?? '') !== group : change !== expected
    if (expected !== undefined && isOther) found.push(`${seq}: ${change ?? step} before ${expected}`)
    expected = undefined
    if (type === 'change.began') open.add(change ?? '')
    else if (type.startsWith('change.')) open.delete(change ?? '')
  }
  return found
}

/** The group that each step works for, as the plan says: a request makes servers of groups that are still to come. */
function groupsOfSteps(journal: readonly JournalRecord[]): ReadonlyMap<string, string> {
  const created = journal.find(({ type }) => type === 'run.created')
  if (created === undefined) return new Map()
  const { plan } = created.data as unknown as { readonly plan: Plan }
  const changes = [...plan.phases, ...plan.back].flatMap((phase) => phase.changes)
  return new Map(changes.flatMap((change) => stepsOf(plan, change).map(({ id }) => [id, change.group] as const)))
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
