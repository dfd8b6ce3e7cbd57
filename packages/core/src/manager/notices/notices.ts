import { schemas } from '../../domain/parsers.ts'
import type { Parser } from '../../domain/plain.ts'
import type { Principal } from '../../domain/principal.ts'
import type { RunEvent } from '../../domain/run-record.ts'
import { hasEnded } from '../../domain/run-state.ts'
import { keys, runDocumentParser } from '../../engine/documents.ts'
import { runEvent } from '../../engine/load-progress.ts'
import { backoff, type Timing } from '../../engine/timing.ts'
import { isVmunitError, VmunitError } from '../../errors/index.ts'
import type { Call, Clock, Lease, Notice, Notifier, StateStore } from '../../ports/index.ts'
import { parseInput } from '../parse-input.ts'
import { checkAdministrator } from '../rights.ts'
import { createNoticeCursors, type NoticeCursor, type NoticeCursors } from './notice-cursors.ts'
import { type NoticedRun, noticedSteps, noticeOf } from './notice-of.ts'

export interface DeliverOptions extends Call {
  /** Goes on with what is still to come, until `signal` aborts. Default false: ends when everything is told. */
  readonly follow?: boolean | undefined
  /** Which notices; default all. A request to the resource manager goes to other people than a fault. */
  readonly topics?: readonly Notice['topic'][] | undefined
  /** What happened before is passed over; milliseconds since 1970. For a name that begins on an old store. */
  readonly since?: number | undefined
}

/** What runs tell people: questions, faults, outcomes. */
export interface Notices {
  /**
   * Delivers what was not delivered under this name yet, at least once, each run in its order; resolves to how many.
   *
   * Where it stands is in the store: after a crash the next process goes on with the same notice. Errors that may pass
   * are waited out; any other error of the notifier rejects, and the notice stays undelivered.
   *
   * @throws {@link VmunitError} `ERR_LOCKED` while another process delivers under the same name;
   * `ERR_PERMISSION_DENIED` for all but administrators, because it tells of every unit.
   */
  deliver(name: string, to: Notifier, options?: DeliverOptions): Promise<number>
}

export interface NoticesOptions {
  readonly store: StateStore
  readonly clock: Clock
  readonly timing: Timing
  /** Names this process, for people who find the name locked. */
  readonly owner: string
  readonly principal: Principal
}

const nameParser: Parser<string> = schemas.name

export function createNotices({ store, clock, timing, owner, principal }: NoticesOptions): Notices {
  return {
    async deliver(name, to, options = {}) {
      parseInput(nameParser, name, 'notices.deliver')
      checkAdministrator(principal, 'deliver notices, which tell of every unit')
      const { follow = false, signal } = options
      await using lease = await store.acquire(keys.cursor(name, ''), { owner, ttlMs: timing.leaseMs, signal })
      const cursors = createNoticeCursors(store, lease, name)
      const courier = { store, clock, lease, to, cursors, options }
      let told = 0
      for (;;) {
        told += await deliverOnce(courier)
        if (!follow) return told
        await clock.sleep(timing.pollMs, { signal })
      }
    },
  }
}

interface Courier {
  readonly store: StateStore
  readonly clock: Clock
  readonly lease: Lease
  readonly to: Notifier
  readonly cursors: NoticeCursors
  readonly options: DeliverOptions
}

async function deliverOnce(courier: Courier): Promise<number> {
  const { store, cursors, options } = courier
  const { signal } = options
  let told = 0
  for (;;) {
    const hasMet = await cursors.meet({ signal })
    for (const cursor of await cursors.open({ signal })) {
      // Read before the journal: a run that ends in between is finished in the next round.
      const [head] = await store.get([keys.run(cursor.run)], { signal })
      told += await deliverRun(courier, cursor, hasEnded(runDocumentParser.parse(head?.value).state))
    }
    if (!hasMet) return told
  }
}

async function deliverRun(courier: Courier, { run: id, next: from }: NoticeCursor, isOver: boolean): Promise<number> {
  const { store, cursors, options } = courier
  const { signal, topics, since = 0 } = options
  let run: NoticedRun | undefined
  let next = from
  let told = 0
  for await (const record of store.journal(id, from, { signal })) {
    run ??= await runOf(store, id, { signal })
    const event = runEvent(record)
    const notice = event.time < since ? undefined : noticeOf(run, event)
    next = event.seq + 1
    if (notice === undefined || topics?.includes(notice.topic) === false) continue
    await bring(courier, notice)
    // Also for a caller who has just given up: what was told would be told again.
    await cursors.write({ run: id, next })
    told += 1
  }
  if (isOver) await cursors.close(id, { signal })
  else if (next > from) await cursors.write({ run: id, next }, { signal })
  return told
}

/** Brings one notice, as often as it takes while what is in the way may pass. */
async function bring({ to, clock, lease, options }: Courier, notice: Notice): Promise<void> {
  const { signal } = options
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted()
    if (!lease.isHeld()) {
      throw new VmunitError('ERR_LEASE_LOST', 'Another process may deliver these notices now. Begin again.')
    }
    try {
      await to.notify(notice, { signal })
      return
    } catch (error) {
      if (!isVmunitError(error) || !error.retryable) throw error
    }
    await clock.sleep(backoff(tries, 500, 60_000), { signal })
  }
}

/** The first record holds the plan, which says what the others are about. */
async function runOf(store: StateStore, id: string, call: Call): Promise<NoticedRun> {
  for await (const record of store.journal(id, 1, call)) {
    const first: RunEvent = runEvent(record)
    if (first.type !== 'run.created') break
    const { plan } = first.data
    return { id, plan, steps: noticedSteps(plan) }
  }
  throw new VmunitError('ERR_STORE_DAMAGED', `The journal of run ${id} does not begin with its plan.`, {
    details: { run: id, seq: 1 },
  })
}
