import * as z from 'zod'
import type { Parser, Plain } from '../domain/plain.ts'
import type { Plan } from '../domain/plan.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, DocumentUpdate, StateStore } from '../ports/index.ts'
import { keys } from './documents.ts'

/** Who holds what of one scope: run ids by member; the member `''` is the whole scope. */
type Holders = Map<string, string>

const WHOLE = ''

const holdersParser: Parser<Readonly<Record<string, string>>> = z.record(z.string(), z.string())

/** `unit/gyoumu_a/vmgroup_1` is member `vmgroup_1` of scope `unit/gyoumu_a`; two parts are the scope itself. */
function partsOf(claim: string): { readonly scope: string; readonly member: string } {
  const [kind, name, member = WHOLE] = claim.split('/')
  return { scope: `${kind}/${name}`, member }
}

/** The claim on one group of a unit. */
export function groupClaim(unit: string, group: string): string {
  return `unit/${unit}/${group}`
}

/** The units that a plan is about: the one that its operation named, and those of its claims. */
export function unitsOf({ unit, claims }: Pick<Plan, 'unit' | 'claims'>): readonly string[] {
  const parts = claims.map((claim) => claim.split('/'))
  const claimed = parts.flatMap(([kind, name = '']) => (kind === 'unit' || kind === 'definition' ? [name] : []))
  return [...new Set(unit === undefined ? claimed : [unit, ...claimed])]
}

/**
 * Takes claims for a run; all of them, or the commit that carries the updates fails with `ERR_CLAIMED`.
 *
 * A claim on a unit conflicts with every claim inside it, claims on different groups do not.
 */
export function takeClaims(runId: string, claims: readonly string[]): readonly DocumentUpdate[] {
  return updateScopes(claims, (holders, member) => {
    const inTheWay = member === WHOLE ? [...holders.values()] : [holders.get(WHOLE), holders.get(member)]
    const holder = inTheWay.find((id) => id !== undefined && id !== runId)
    if (holder !== undefined) {
      const what = member === WHOLE ? 'a part of it' : member
      throw new VmunitError(
        'ERR_CLAIMED',
        `Run ${holder} has a claim on ${what}. Wait for it, resume it, or cancel it.`,
        {
          details: { runId: holder },
        },
      )
    }
    holders.set(member, runId)
  })
}

/** Gives the claims of a run back; those of others stay. */
export function giveClaims(runId: string, claims: readonly string[]): readonly DocumentUpdate[] {
  return updateScopes(claims, (holders, member) => {
    if (holders.get(member) === runId) holders.delete(member)
  })
}

/** Where the claims on addresses are: whoever gives an address to somebody writes this document. */
export const ADDRESS_CLAIMS: string = keys.claims('addresses/all')

/** The addresses that runs are about to give to servers. */
export function claimedAddresses(holders: Plain): ReadonlySet<string> {
  return new Set(holders === undefined ? [] : Object.keys(holdersParser.parse(holders)))
}

/** The run that holds a whole scope, such as `definition/gyoumu_a`; a claim on a part of it does not count. */
export async function claimHolder(store: StateStore, scope: string, call: Call = {}): Promise<string | undefined> {
  const [document] = await store.get([keys.claims(scope)], call)
  return document === undefined ? undefined : holdersParser.parse(document.value)[WHOLE]
}

/**
 * Refuses what may only happen while no run works on a unit.
 *
 * @throws {@link VmunitError} `ERR_CLAIMED`, naming the run.
 */
export function checkUnclaimed(unit: string, holders: Plain): void {
  const [runId] = holders === undefined ? [] : Object.values(holdersParser.parse(holders))
  if (runId === undefined) return
  throw new VmunitError('ERR_CLAIMED', `Run ${runId} works on unit ${unit}. Wait for it, resume it, or cancel it.`, {
    details: { runId, unit },
  })
}

function updateScopes(
  claims: readonly string[],
  change: (holders: Holders, member: string) => void,
): readonly DocumentUpdate[] {
  const scopes = Map.groupBy(claims.map(partsOf), (part) => part.scope)
  return [...scopes].map(([scope, parts]) => ({
    key: keys.claims(scope),
    update: (value: Plain): Plain => {
      const holders: Holders = new Map(value === undefined ? [] : Object.entries(holdersParser.parse(value)))
      for (const { member } of parts) change(holders, member)
      // Never removed, even when empty: a revision that begins anew could pass for the one that somebody read.
      return Object.fromEntries(holders)
    },
  }))
}
