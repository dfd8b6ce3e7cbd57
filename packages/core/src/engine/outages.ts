import * as z from 'zod'
import type { Parser } from '../domain/plain.ts'
import type { Change, ExpectedFact } from '../domain/plan.ts'
import { VmunitError } from '../errors/index.ts'
import { orAbort } from '../internal/abort.ts'
import type { Call, DocumentUpdate, StateStore } from '../ports/index.ts'
import { commitUpdates } from './commit-updates.ts'
import { keys } from './documents.ts'
import { availableGroups } from './stand-ins.ts'

/** Groups that runs have taken out of a unit's service, and which run. */
const outagesParser: Parser<Readonly<Record<string, string>>> = z.record(z.string(), z.string())

function outagesIn(value: unknown): Map<string, string> {
  return new Map(value === undefined ? [] : Object.entries(outagesParser.parse(value)))
}

/** The groups that one run takes out of service. */
export interface Outages {
  /**
   * Takes a group out of its unit's service, unless no other group would be left for one of its tiers. Several runs may
   * do so at the same moment: one of them then sees what the other took.
   *
   * @throws {@link VmunitError} `ERR_PLAN_STALE` when there is no stand-in.
   */
  takeOut(change: Change, call?: Call): Promise<void>
}

/** Groups that a run takes out at the same moment share one look and one transaction, unit by unit. */
export function createOutages(store: StateStore, runId: string): Outages {
  const desks = new Map<string, (asked: Asked) => void>()

  function deskOf(unit: string): (asked: Asked) => void {
    const desk = desks.get(unit) ?? createDesk((all) => takeTogether(store, { runId, unit, all }))
    desks.set(unit, desk)
    return desk
  }

  return {
    async takeOut(change, call = {}) {
      for (const [unit, facts] of standInsOf(change)) {
        const tiers = new Set(facts.map(({ about = '' }) => about))
        const answer = Promise.withResolvers<void>()
        deskOf(unit)({ group: change.group, tiers, answer })
        await orAbort(answer.promise, call.signal)
      }
    },
  }
}

/** A group that is to be taken out, and who waits for that. */
interface Asked {
  readonly group: string
  readonly tiers: ReadonlySet<string>
  readonly answer: PromiseWithResolvers<void>
}

/** Serves all that have come meanwhile together, one batch after another. */
function createDesk(serve: (all: readonly Asked[]) => Promise<void>): (asked: Asked) => void {
  let waiting: Asked[] = []
  let isServing = false

  async function serveAll(): Promise<void> {
    isServing = true
    while (waiting.length > 0) {
      const all = waiting
      waiting = []
      try {
        await serve(all)
      } catch (error) {
        for (const { answer } of all) answer.reject(error)
      }
    }
    isServing = false
  }

  return (asked) => {
    waiting.push(asked)
    if (!isServing) void serveAll()
  }
}

interface Together {
  readonly runId: string
  readonly unit: string
  readonly all: readonly Asked[]
}

async function takeTogether(store: StateStore, { runId, unit, all }: Together): Promise<void> {
  const [document] = await store.get([keys.outages(unit)])
  let known = outagesIn(document?.value).size
  let asked = all
  for (;;) {
    const enough = known + asked.length + 1
    const tiers = new Set(asked.flatMap((one) => [...one.tiers]))
    const available = await availableGroups(store, { unit, tiers, enough })
    let refused: readonly (Asked & { readonly lacking: readonly string[] })[] = []
    const update: DocumentUpdate = {
      key: keys.outages(unit),
      update: (value) => {
        const out = outagesIn(value)
        known = out.size
        refused = asked.flatMap((one) => {
          const lacking = [...one.tiers].filter((tier) => !hasStandIn(available.get(tier), one.group, out))
          if (lacking.length > 0) return [{ ...one, lacking }]
          out.set(one.group, runId)
          return []
        })
        return Object.fromEntries(out)
      },
    }
    await commitUpdates(store, { updates: [update] })
    const without = new Set(refused.map(({ group }) => group))
    for (const { group, answer } of asked) if (!without.has(group)) answer.resolve()
    // Others took some out since the look began, so that it may have ended too early.
    if (refused.length > 0 && known + asked.length + 1 > enough) {
      asked = refused
      continue
    }
    for (const { group, lacking, answer } of refused) answer.reject(noStandIn(unit, { group, tiers: lacking }))
    return
  }
}

function hasStandIn(
  available: readonly string[] | undefined,
  group: string,
  out: ReadonlyMap<string, string>,
): boolean {
  return available?.some((name) => name !== group && !out.has(name)) ?? false
}

/** Gives back what a run has taken out: one group, or all when the run has ended. */
export function putBack(runId: string, changes: readonly Change[]): readonly DocumentUpdate[] {
  const units = new Map<string, string[]>()
  for (const change of changes) {
    for (const unit of standInsOf(change).keys()) units.set(unit, [...(units.get(unit) ?? []), change.group])
  }
  return [...units].map(([unit, groups]) => ({
    key: keys.outages(unit),
    update: (value) => {
      const out = outagesIn(value)
      for (const group of groups) if (out.get(group) === runId) out.delete(group)
      return Object.fromEntries(out)
    },
  }))
}

function standInsOf({ expects }: Change): ReadonlyMap<string, readonly ExpectedFact[]> {
  return Map.groupBy(
    expects.filter(({ fact }) => fact === 'standIn'),
    ({ unit }) => unit,
  )
}

function noStandIn(
  unit: string,
  { group, tiers }: { readonly group: string; readonly tiers: readonly string[] },
): VmunitError {
  return new VmunitError(
    'ERR_PLAN_STALE',
    `No other group of ${unit} serves tier ${tiers.join(', ')} now, so ${group} is not taken out. Plan again later.`,
    { details: { unit, group, tiers } },
  )
}
