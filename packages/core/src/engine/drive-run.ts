import type { Gate } from '../domain/plan.ts'
import type { ChangeKey } from '../domain/run-record.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { isVmunitError } from '../errors/index.ts'
import { orAbort } from '../internal/abort.ts'
import { assertNever } from '../internal/assert-never.ts'
import type { StateStore } from '../ports/index.ts'
import { type Bell, createBell } from './bell.ts'
import { runChange } from './change-runner.ts'
import { giveClaims } from './claims.ts'
import { answerPause } from './control.ts'
import { keys, type WaitingRun } from './documents.ts'
import { answerOf, askRequest, requestId } from './gates.ts'
import { putBack } from './outages.ts'
import { type ParkedChange, waitOf, wokenChanges } from './parked-changes.ts'
import type { Progress, ScheduledChange } from './progress.ts'
import type { RunEnvironment } from './run-environment.ts'
import { removeDocument, updateHead } from './run-head.ts'
import { changesInFlight, decide } from './schedule.ts'
import { RunStopped } from './stop-signal.ts'
import { halfDoneGroups } from './unfinished-groups.ts'

export type DriveResult = 'ended' | 'waiting' | 'paused' | 'lost'

export interface Drive {
  readonly environment: RunEnvironment
  readonly store: StateStore
  readonly owner: string
}

/**
 * Moves a run as far as it goes while this process holds its lease: to its end, to a durable wait, or to the next safe
 * point after it was told to stop. Changes that were in flight when an earlier owner died are carried on first.
 */
export async function driveRun(drive: Drive): Promise<DriveResult> {
  const { environment, owner } = drive
  const { progress, writer, stop } = environment
  const active = new Map<ChangeKey, Promise<void>>()
  const ends = createBell()
  const parked = new Map<ChangeKey, ParkedChange>()
  let failure: { readonly error: unknown } | undefined

  const begin = (scheduled: ScheduledChange): void => {
    parked.delete(scheduled.key)
    const work = runChange(environment, scheduled)
      .then((waits) => {
        if (waits.length > 0) parked.set(scheduled.key, { scheduled, waits })
      })
      .catch((error: unknown) => {
        failure ??= { error }
      })
      .finally(() => {
        active.delete(scheduled.key)
        ends.ring()
      })
    active.set(scheduled.key, work)
  }

  writer.write({ type: 'run.owned', data: { owner } }, [updateHead(progress.runId, { state: 'running' })])
  for (const scheduled of changesInFlight(progress)) begin(scheduled)
  for (;;) {
    const now = await drive.store.now()
    const woken = await wokenChanges(drive.store, parked, now)
    // Nothing is awaited between here and what is decided: what ends during a look is part of the decision.
    if (stop.aborted || failure !== undefined) break
    // Each change in flight has a step in flight, or one that waits for its turn: more of them would gain nothing. One
    // that waits for people takes nobody's turn.
    const decision = decide(progress, now, environment.concurrency.width + parked.size)
    if (decision.type === 'carryOn') {
      for (const scheduled of [...decision.begin, ...woken]) begin(scheduled)
      if (active.size === 0) {
        await wait(drive, waitOf(parked, decision.wakeAt))
        return 'waiting'
      }
      // While others are in flight, answers are looked for now and then.
      const lookAt = parked.size > 0 ? environment.now() + environment.timing.pollMs : Number.POSITIVE_INFINITY
      const wakeAt = Math.min(lookAt, decision.wakeAt ?? Number.POSITIVE_INFINITY)
      await untilOneEnds(environment, ends, Number.isFinite(wakeAt) ? wakeAt : undefined)
      continue
    }
    // Everything else is decided between changes, when nothing is in flight any more.
    if (active.size > 0) {
      await untilOneEnds(environment, ends, undefined)
      continue
    }
    switch (decision.type) {
      case 'gate':
        if (await passGate(drive, decision)) continue
        return progress.state === 'cancelled' ? 'ended' : 'waiting'
      case 'goBack':
        writer.write({ type: 'run.returning', data: { reason: decision.reason } })
        continue
      case 'renew':
        for (const renewed of decision.groups) writer.write({ type: 'group.renewed', data: renewed })
        continue
      case 'end':
        await end(drive, decision.state)
        return 'ended'
      default:
        assertNever(decision, 'decision')
    }
  }
  await Promise.all(active.values())
  return await stopRun(drive, failure?.error)
}

/** Resolves when a change has ended, a soak is over, or the run is told to stop; what stops it is seen by the caller. */
async function untilOneEnds(environment: RunEnvironment, ends: Bell, wakeAt: number | undefined): Promise<void> {
  const done = new AbortController()
  const ended = ends.next(done.signal)
  const woken = wakeAt === undefined ? [] : [environment.sleep(Math.max(0, wakeAt - environment.now()), done.signal)]
  await orAbort(Promise.race([ended, ...woken]), environment.stop).catch(() => {})
  done.abort('the wait is over')
  await Promise.allSettled(woken)
}

async function wait(drive: Drive, waiting: WaitingRun): Promise<void> {
  const { progress, writer } = drive.environment
  writer.write({ type: 'run.waiting', data: waiting }, [updateHead(progress.runId, { state: 'waiting', waiting })])
  await writer.durable()
}

/** True when the way is free. Otherwise the run waits for the answer, without a lease, or was refused. */
async function passGate(drive: Drive, { id, gate }: { readonly id: string; readonly gate: Gate }): Promise<boolean> {
  const { environment, store } = drive
  const { progress, writer } = environment
  if (gate.kind === 'until') {
    if ((await store.now()) < gate.time) {
      await wait(drive, { for: `the time ${new Date(gate.time).toISOString()}`, until: gate.time })
      return false
    }
    writer.write({ type: 'gate.passed', data: { gate: id, by: 'time' } })
    return true
  }
  const request = requestId(progress.runId, id)
  const answer = await answerOf(store, request)
  if (answer === undefined) {
    if (progress.gates.get(id) === undefined) {
      writer.write({ type: 'gate.asked', data: { gate: id, request } }, [askRequest(progress, { id, gate })])
    }
    await wait(drive, { for: `an answer to "${gate.text ?? id}"`, request })
    return false
  }
  if (answer.approve) {
    writer.write({ type: 'gate.passed', data: { gate: id, by: answer.by } })
    return true
  }
  writer.write({ type: 'gate.refused', data: { gate: id, by: answer.by } })
  await cancel(drive, { reason: `${answer.by} refused`, by: answer.by })
  return false
}

async function end(drive: Drive, state: 'succeeded' | 'failed'): Promise<void> {
  const { progress, writer } = drive.environment
  const message = `${progress.returning ?? 'A step failed'}. The outcomes name each server.`
  writer.write(
    state === 'succeeded'
      ? { type: 'run.succeeded', data: {} }
      : { type: 'run.failed', data: { error: { code: 'ERR_RUN_FAILED', message, details: {} } } },
    farewell(progress, state),
  )
  await writer.durable()
}

async function cancel(drive: Drive, { reason, by }: { readonly reason: string; readonly by: string }): Promise<void> {
  const { progress, writer } = drive.environment
  writer.write(
    { type: 'run.cancelled', data: { reason, by, halfDone: halfDoneServers(progress) } },
    farewell(progress, 'cancelled'),
  )
  await writer.durable()
}

/** The documents of a run that has ended: its claims are given back. */
function farewell(progress: Progress, state: 'succeeded' | 'failed' | 'cancelled'): ReturnType<typeof giveClaims> {
  return [
    updateHead(progress.runId, { state }),
    removeDocument(keys.openRun(progress.runId)),
    removeDocument(keys.control(progress.runId)),
    ...putBack(
      progress.runId,
      progress.plan.phases.flatMap(({ changes }) => changes),
    ),
    ...giveClaims(progress.runId, progress.plan.claims),
  ]
}

function halfDoneServers(progress: Progress): readonly string[] {
  const groups = halfDoneGroups(progress)
  return progress.plan.servers
    .filter(({ server, action }) => action !== 'none' && groups.has(groupOfSlot(server)))
    .map(({ server }) => server)
}

async function stopRun(drive: Drive, error: unknown): Promise<DriveResult> {
  const { environment } = drive
  const { stop, writer, progress } = environment
  const reason: unknown = stop.aborted ? stop.reason : error
  if (!(reason instanceof RunStopped)) {
    if (isVmunitError(reason, 'ERR_LEASE_LOST')) return 'lost'
    // Something that is no step's failure, such as a full disk: the run stays as it is and can be resumed.
    throw reason
  }
  switch (reason.verb) {
    case 'pause':
      writer.write({ type: 'run.paused', data: { reason: reason.message } }, [
        updateHead(progress.runId, { state: 'paused' }),
        answerPause(progress.runId),
      ])
      await writer.durable()
      return 'paused'
    case 'cancel':
      await cancel(drive, { reason: reason.message, by: reason.by })
      return 'ended'
    case 'lost':
      return 'lost'
    default:
      return assertNever(reason.verb, 'verb')
  }
}
