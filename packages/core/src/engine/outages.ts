import * as z from 'zod'
import type { Parser } from '../domain/plain.ts'
import type { Change, ExpectedFact } from '../domain/plan.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, DocumentUpdate, StateStore } from '../ports/index.ts'
import { commitUpdates } from './commit-updates.ts'
import { keys } from './documents.ts'
import { availableGroups } from './stand-ins.ts'

/** Groups that runs have taken out of a unit's service, and which run. */
const outagesParser: Parser<Readonly<Record<string, string>>> = z.record(z.string(), z.string())

function outagesIn(value: unknown): Map<string, string> {
  return new Map(value === undefined ? [] : Object.entries(outagesParser.parse(value)))
}

/**
 * Takes a group out of its unit's service, unless no other group would be left for one of its tiers. Several runs may
 * do so at the same moment: one of them then sees what the other took.
 *
 * @throws {@link VmunitError} `ERR_PLAN_STALE` when there is no stand-in.
 */
export async function takeOut(
  store: StateStore,
  { runId, change }: { readonly runId: string; readonly change: Change },
  call: Call = {},
): Promise<void> {
  const { group } = change
  for (const [unit, facts] of standInsOf(change)) {
    const tiers = new Set(facts.map(({ about = '' }) => about))
    const [document] = await store.get([keys.outages(unit)], call)
    const enough = outagesIn(document?.value).size + 2
    const available = await availableGroups(store, { unit, tiers, enough }, call)
    const update: DocumentUpdate = {
      key: keys.outages(unit),
      update: (value) => {
        const out = outagesIn(value)
        const lacking = [...available].filter(([, names]) => !names.some((name) => name !== group && !out.has(name)))
        if (lacking.length > 0) throw noStandIn(unit, { group, tiers: lacking.map(([tier]) => tier) })
        return Object.fromEntries(out.set(group, runId))
      },
    }
    await commitUpdates(store, { updates: [update] }, call)
  }
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
