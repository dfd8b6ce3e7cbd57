import type { JournalRecord, Plan } from '@vmunit/core'

/** One server of a run as an onlooker sees it; for a run without servers, what is changed instead. */
export interface Lane {
  /** The slot, or the name of the template that is patched. */
  readonly name: string
  readonly address: string
  readonly action: string
  /** `returned`: something failed, and the old machine is at work again. */
  state: 'waiting' | 'working' | 'done' | 'failed' | 'returned'
  /** What is done now, or was done last. */
  step: string
  beganAt: number | undefined
  endedAt: number | undefined
}

/** A run as far as its journal goes. */
export interface RunView {
  readonly lanes: readonly Lane[]
  /** The number of the next journal record. */
  readonly next: number
  /** Takes a record into account; returns the lanes about which it said something. */
  apply(record: JournalRecord): readonly Lane[]
}

/** Folds the journal of a run into one line for each server. */
export function createRunView(plan: Plan): RunView {
  const lanes = lanesOf(plan)
  const byGroup = Map.groupBy(lanes, ({ name }) => groupOf(name))
  const byStep = new Map<string, readonly Lane[]>()
  for (const { changes } of [...plan.phases, ...plan.back]) {
    for (const { group, steps } of changes) {
      for (const { id, server } of steps) {
        const ofGroup = byGroup.get(group) ?? []
        byStep.set(id, server === undefined ? ofGroup : ofGroup.filter(({ name }) => name === server))
      }
    }
  }
  let next = 1
  return {
    lanes,
    get next() {
      return next
    },
    apply({ seq, time, type, data }) {
      next = seq + 1
      const step = field(data, 'step')
      const change = field(data, 'change')
      const group = change.split(':').slice(2).join(':')
      const concerned = (type.startsWith('step.') ? byStep.get(step) : byGroup.get(group)) ?? []
      for (const lane of concerned) moveLane(lane, { type, time, step, isWayBack: change.startsWith('back:') })
      return concerned
    },
  }
}

interface Moment {
  readonly type: string
  readonly time: number
  readonly step: string
  readonly isWayBack: boolean
}

function moveLane(lane: Lane, { type, time, step, isWayBack }: Moment): void {
  switch (type) {
    case 'change.began':
      lane.state = 'working'
      lane.beganAt ??= time
      return
    case 'step.began':
      lane.step = verbOf(step)
      return
    case 'change.done':
      lane.state = isWayBack ? 'returned' : 'done'
      lane.endedAt = time
      return
    case 'change.failed':
      lane.state = 'failed'
      lane.endedAt = time
      return
    default:
  }
}

function lanesOf({ servers, phases }: Plan): readonly Lane[] {
  const fresh = { state: 'waiting', step: '', beganAt: undefined, endedAt: undefined } as const
  const changed = servers.filter(({ action }) => action !== 'none')
  if (changed.length > 0)
    return changed.map(({ server, address, action }) => ({ name: server, address, action, ...fresh }))
  const changes = phases.flatMap((phase) => phase.changes)
  return changes.map(({ group, action, reason }) => ({ name: group, address: reason, action, ...fresh }))
}

function groupOf(slot: string): string {
  return slot.split('/')[0] ?? slot
}

/** `vmgroup_1/http-system01/0/create@web-base:2` is about creating. */
function verbOf(step: string): string {
  const verb = step.slice(step.lastIndexOf('/') + 1).replace(/@.*$/, '')
  const words = verb === 'power-shutdown' ? 'shut down' : verb.replaceAll('-', ' ')
  return step.startsWith('back:') ? `back: ${words}` : words
}

function field(data: unknown, name: string): string {
  const value =
    typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>)[name] : undefined
  return typeof value === 'string' ? value : ''
}
