import type { CallEvent, EventHead, World, WorldEvent } from '@vmunit/core/testing'

/** A call of the product that changed the world, or tried to. */
export interface Mutation extends EventHead, CallEvent {
  /** The part of the operation id that names the step, where the call carries one: `vmgroup_1/web/0/start`. */
  readonly step: string | undefined
  /** `seq` of the moment at which the call arrived. */
  readonly arrived: number
}

/** The calls of the product that changed the world, or tried to; what people did by hand is left out. */
export function mutations(log: readonly WorldEvent[]): readonly Mutation[] {
  return log.flatMap((event) => {
    if (event.type !== 'call' || !event.mutating || event.call.startsWith('admin.')) return []
    return [{ ...event, step: stepOf(event.operationId), arrived: event.began ?? event.seq }]
  })
}

/** `<run>/<step>#<attempt>` → `<step>`. */
export function stepOf(operationId: string | undefined): string | undefined {
  return operationId?.slice(operationId.indexOf('/') + 1, operationId.lastIndexOf('#'))
}

/** Where a log stands now: the number of its next event. */
export async function mark(world: World): Promise<number> {
  return (await world.admin.log()).length + 1
}

/** The mutating calls since a mark. */
export async function mutationsSince(world: World, from: number): Promise<readonly Mutation[]> {
  return mutations(await world.admin.log({ from }))
}

/** Jobs and traffic as `start vmgroup_1/web/0`, in the order in which they took effect. */
export function applicationOrder(made: readonly Mutation[]): readonly string[] {
  return made.flatMap(({ call, step, subject, outcome }) => {
    if (outcome !== 'ok') return []
    if (call === 'guests.startJob') return [`job ${step}`]
    return call === 'balancer.traffic' || call === 'balancer.removeMember' ? [`${call.slice(9)} ${subject}`] : []
  })
}

/** Which groups serve, after each change of it. */
export interface ServingMoment extends EventHead {
  readonly serving: ReadonlySet<string>
}

export interface ServingOf {
  readonly unit: string
  /** The slots of each group: a group serves when every one of them is served by some machine. */
  readonly slots: readonly string[]
}

/** Folds a log into the moments at which the set of serving groups may have changed. */
export function servingMoments(log: readonly WorldEvent[], { unit, slots }: ServingOf): readonly ServingMoment[] {
  const groups = Map.groupBy(slots, (slot) => slot.slice(0, slot.indexOf('/')))
  const machines = new Map<string, Set<string>>()
  const moments: ServingMoment[] = []
  for (const event of log) {
    if (event.type !== 'serving' || event.unit !== unit || event.slot === null) continue
    const serving = machines.get(event.slot) ?? new Set<string>()
    machines.set(event.slot, serving)
    if (event.serving) serving.add(event.machine)
    else serving.delete(event.machine)
    const whole = [...groups].filter(([, own]) => own.every((slot) => (machines.get(slot)?.size ?? 0) > 0))
    moments.push({ seq: event.seq, time: event.time, serving: new Set(whole.map(([group]) => group)) })
  }
  return moments
}

/** The fewest groups that served at any moment from a mark on; what served just before the mark counts too. */
export function fewestServing(moments: readonly ServingMoment[], from: number): number {
  const before = moments.findLast(({ seq }) => seq < from)
  const relevant = [...(before === undefined ? [] : [before]), ...moments.filter(({ seq }) => seq >= from)]
  return Math.min(...relevant.map(({ serving }) => serving.size))
}
