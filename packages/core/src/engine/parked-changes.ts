import type { ChangeKey } from '../domain/run-record.ts'
import type { StateStore, Wait } from '../ports/index.ts'
import type { WaitingRun } from './documents.ts'
import { answerOf } from './gates.ts'
import type { ScheduledChange } from './progress.ts'

/** A change in which nothing can go on before somebody answers or a time has come. */
export interface ParkedChange {
  readonly scheduled: ScheduledChange
  readonly waits: readonly Wait[]
}

export type ParkedChanges = ReadonlyMap<ChangeKey, ParkedChange>

/** The parked changes that can go on: an answer is there, or a time has come. */
export async function wokenChanges(
  store: StateStore,
  parked: ParkedChanges,
  now: number,
): Promise<readonly ScheduledChange[]> {
  const woken: ScheduledChange[] = []
  for (const { scheduled, waits } of parked.values()) {
    const isDue = await Promise.all(waits.map((wait) => isOver(store, wait, now)))
    if (isDue.includes(true)) woken.push(scheduled)
  }
  return woken
}

async function isOver(store: StateStore, { request, until }: Wait, now: number): Promise<boolean> {
  if (until !== undefined && now >= until) return true
  return request !== undefined && (await answerOf(store, request)) !== undefined
}

/** What a run waits for in which nothing else can go on: soaking groups until `wakeAt`, and what is parked. */
export function waitOf(parked: ParkedChanges, wakeAt: number | undefined): WaitingRun {
  const waits = [...parked.values()].flatMap((change) => change.waits)
  const [first] = waits
  if (first === undefined) return { for: 'the last group to soak', ...(wakeAt !== undefined && { until: wakeAt }) }
  const requests = waits.flatMap(({ request }) => request ?? [])
  const times = [wakeAt, ...waits.map(({ until }) => until)].filter((time) => time !== undefined)
  const [request] = requests
  return {
    for: waits.length === 1 ? first.for : `${first.for}, and ${waits.length - 1} more`,
    ...(request !== undefined && { request, requests }),
    ...(times.length > 0 && { until: Math.min(...times) }),
  }
}
