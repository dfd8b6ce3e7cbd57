import { groupOfChange, type Plan, type RunEvent, stepsOf } from '@vmunit/core'

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
  apply(event: RunEvent): readonly Lane[]
}

/** Folds the journal of a run into one line for each server. */
export function createRunView(plan: Plan): RunView {
  const lanes = lanesOf(plan)
  const byGroup = Map.groupBy(lanes, ({ name }) => groupOf(name))
  const byStep = new Map<string, readonly Lane[]>()
  for (const { changes } of [...plan.phases, ...plan.back]) {
    for (const change of changes) {
      for (const { id, server } of stepsOf(plan, change)) {
        const ofGroup = byGroup.get(change.group) ?? []
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
    apply(event) {
      next = event.seq + 1
      const concerned = lanesOfEvent(event)
      for (const lane of concerned) moveLane(lane, event)
      return concerned
    },
  }

  function lanesOfEvent(event: RunEvent): readonly Lane[] {
    if ('step' in event.data) return byStep.get(event.data.step) ?? []
    if ('change' in event.data) return byGroup.get(groupOfChange(event.data.change)) ?? []
    return []
  }
}

function moveLane(lane: Lane, event: RunEvent): void {
  switch (event.type) {
    case 'change.began':
      lane.state = 'working'
      lane.beganAt ??= event.time
      return
    case 'step.began':
      lane.step = verbOf(event.data.step)
      return
    case 'change.done':
      lane.state = event.data.change.startsWith('back:') ? 'returned' : 'done'
      lane.endedAt = event.time
      return
    case 'change.failed':
      lane.state = 'failed'
      lane.endedAt = event.time
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
