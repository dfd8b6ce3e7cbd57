import { groupParser } from '../domain/parsers.ts'
import type { Plan, PlannedStep } from '../domain/plan.ts'
import { stepsOf } from '../domain/planned-steps.ts'
import type { ChangeKey, RunRecord } from '../domain/run-record.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, Operation, StateStore } from '../ports/index.ts'
import { keys, runDocumentParser } from './documents.ts'
import type { EngineOptions } from './engine-options.ts'
import { findOperation } from './find-operation.ts'
import { findTraces, type Trace, type Traces } from './find-traces.ts'
import { type OperationParts, partsOfOperation } from './operation-id.ts'
import { patiently } from './patiently.ts'
import { doubt, type Progress } from './progress.ts'
import { outputsIn } from './resolve-outputs.ts'

/** The record by which a run takes over what the world shows of its own lost work. */
export type Reconciled = Extract<RunRecord, { readonly type: 'run.reconciled' }>

/**
 * Compares what a plan is about with the records of it, before anything is changed.
 *
 * @throws {@link VmunitError} `ERR_JOURNAL_BEHIND` naming what no record explains.
 */
export async function assertJournalIsAhead(engine: EngineOptions, plan: Plan, call: Call = {}): Promise<void> {
  const { unknown } = await findTraces(engine, { plan }, call)
  if (unknown.length > 0) throw journalBehind('The store', unknown)
}

export interface ReconcileOptions extends Call {
  /** Whether the run may go on from what the world shows. */
  readonly adopt: boolean
  /** Called when the world does not answer at once. */
  readonly onDelay: () => void
}

/**
 * Compares a run with the world before it is moved. Undefined when nothing is missing in its journal.
 *
 * @throws {@link VmunitError} `ERR_JOURNAL_BEHIND` when there are traces of lost records, and they may not be adopted,
 * or this run's plan does not explain all of them.
 */
export async function reconcileRun(
  engine: EngineOptions,
  progress: Progress,
  { adopt, signal, onDelay }: ReconcileOptions,
): Promise<Reconciled | undefined> {
  const isDoubtful = await isFromBackup(engine.store, progress, { signal })
  if (isDoubtful) doubt(progress)
  const { clock, timing } = engine
  const sleep = async (ms: number): Promise<void> => await clock.sleep(ms, { signal })
  const traces = await patiently({ timing, now: () => clock.now(), sleep, stop: signal, onDelay }, () =>
    findTraces(engine, { plan: progress.plan, progress }, { signal }),
  ).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
  if (traces.unknown.length === 0) return undefined
  if (!adopt) throw journalBehind(`Run ${progress.runId}`, traces.unknown)
  return await explain(engine, progress, traces)
}

/** Whether the store was restored since the run was created. */
async function isFromBackup(store: StateStore, { runId }: Progress, call: Call): Promise<boolean> {
  const restoredAt = await store.restoredAt?.(call)
  if (restoredAt === undefined) return false
  const [head] = await store.get([keys.run(runId)], call)
  return head !== undefined && runDocumentParser.parse(head.value).createdAt <= restoredAt
}

/**
 * What a trace proves: its step began, so that every step before it was done, and need not be done again unless its effect
 * is what it wrote down. Not so when the machine that it replaces is switched on: then the run had turned back, or somebody
 * else was there, and a person has to look.
 */
async function explain(engine: EngineOptions, progress: Progress, { unknown, machines }: Traces): Promise<Reconciled> {
  const { store } = engine
  const places = placesOf(progress)
  const isInWorld = showsInWorld(findOperation(engine, progress))
  const steps: OperationParts[] = []
  const passed = new Set<string>()
  const changes = new Set<ChangeKey>()
  for (const trace of unknown) {
    const parts = partsOfOperation(trace.operationId)
    const place = parts?.runId === progress.runId ? places.get(parts.step) : undefined
    if (parts === undefined || place === undefined || trace.machine === undefined) {
      throw journalBehind(`Run ${progress.runId}`, unknown)
    }
    steps.push(parts)
    const old = await boundMachine(store, { plan: progress.plan, slot: trace.slot ?? '' })
    const isOldOn = old !== undefined && old !== trace.machine && machines.get(old)?.power === 'on'
    if (isOldOn) throw journalBehind(`Run ${progress.runId}`, unknown)
    changes.add(place.key)
    for (const id of needsOf(places, place)) passed.add(id)
  }
  // The changes of earlier phases had to end first.
  const latest = Math.max(...steps.map(({ step }) => places.get(step)?.phase ?? 0))
  for (const { key } of progress.schedule.forward.slice(0, latest).flat()) changes.add(key)
  for (const { phase, step } of places.values()) if (phase < latest) passed.add(step.id)
  for (const id of passed) if (!isInWorld(places.get(id)?.step)) passed.delete(id)
  if (needsOutputOf(progress, places, passed)) throw journalBehind(`Run ${progress.runId}`, unknown)
  return {
    type: 'run.reconciled',
    data: {
      steps: steps.map(({ step, attempt }) => ({ step, attempt })),
      passed: [...passed].filter((id) => (progress.steps.get(id)?.state ?? 'began') === 'began'),
      changes: [...changes].filter((key) => progress.changes.get(key) === undefined),
    },
  }
}

/** Whether what a step did shows in the world, not only in what it wrote down. */
function showsInWorld({ kinds }: Operation): (step: PlannedStep | undefined) => boolean {
  const records = new Set(kinds.filter(({ livesInRecords }) => livesInRecords).map(({ name }) => name))
  return (step) => step === undefined || !records.has(step.kind.name)
}

/** A step, and where the forward plan has it; on the way back nothing is made. */
interface Place {
  readonly step: PlannedStep
  readonly key: ChangeKey
  readonly phase: number
}

type Places = ReadonlyMap<string, Place>

function placesOf({ plan, schedule }: Progress): Places {
  const places = new Map<string, Place>()
  for (const [phase, scheduled] of schedule.forward.entries()) {
    for (const { key, change } of scheduled) {
      for (const step of stepsOf(plan, change)) places.set(step.id, { step, key, phase })
    }
  }
  return places
}

/** The steps that had to be done before a step could begin. */
function needsOf(places: Places, { step }: Place): ReadonlySet<string> {
  const all = new Set<string>()
  const follow = (needs: readonly string[] = []): void => {
    for (const need of needs) {
      if (all.has(need)) continue
      all.add(need)
      follow(places.get(need)?.step.needs)
    }
  }
  follow(step.needs)
  return all
}

/** Whether a step that is still to come takes something from one whose output is lost. */
function needsOutputOf({ steps }: Progress, places: Places, passed: ReadonlySet<string>): boolean {
  const lost = new Set([...passed].filter((id) => steps.get(id)?.state !== 'done'))
  return [...places.values()].some(
    ({ step: { id, input } }) => !passed.has(id) && outputsIn(input).some((step) => lost.has(step)),
  )
}

async function boundMachine(
  store: StateStore,
  { plan, slot }: { readonly plan: Plan; readonly slot: string },
): Promise<string | undefined> {
  if (plan.unit === undefined) return undefined
  const [document] = await store.get([keys.group(plan.unit, groupOfSlot(slot))])
  if (document === undefined) return undefined
  return groupParser.parse(document.value).servers.find((server) => server.slot === slot)?.machine?.id
}

function journalBehind(who: string, unknown: readonly Trace[]): VmunitError {
  const names = unknown
    .slice(0, 5)
    .map(({ machine, image = '', operationId }) => `${machine ?? image} of ${operationId}`)
  const more = unknown.length > names.length ? ` and ${unknown.length - names.length} more` : ''
  return new VmunitError(
    'ERR_JOURNAL_BEHIND',
    `${who} has no record of what made ${names.join(', ')}${more}: records were lost. Nothing was changed. ` +
      'Restore the newest backup, or resume the run with adopt: true when no newer one exists.',
    { details: { traces: unknown } },
  )
}
