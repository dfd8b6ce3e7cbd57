import * as z from 'zod'
import type { Parser, Plain } from '../domain/plain.ts'
import { VmunitError } from '../errors/index.ts'
import type { DocumentUpdate } from '../ports/index.ts'
import { keys } from './documents.ts'

/** Who holds what of one scope: all of it, or single members. */
interface ClaimsDocument {
  readonly whole?: string | undefined
  readonly members: Readonly<Record<string, string>>
}

const claimsParser: Parser<ClaimsDocument> = z.object({
  whole: z.string().optional(),
  members: z.record(z.string(), z.string()),
})

/** `unit/gyoumu_a/vmgroup_1` is member `vmgroup_1` of scope `unit/gyoumu_a`; two parts are the scope itself. */
function partsOf(claim: string): { readonly scope: string; readonly member?: string } {
  const [kind, name, member] = claim.split('/')
  const scope = `${kind}/${name}`
  return member === undefined ? { scope } : { scope, member }
}

/** The claim on one group of a unit. */
export function groupClaim(unit: string, group: string): string {
  return `unit/${unit}/${group}`
}

/**
 * Takes claims for a run; all of them, or the commit that carries the updates fails with `ERR_CLAIMED`.
 *
 * A claim on a unit conflicts with every claim inside it, claims on different groups do not.
 */
export function takeClaims(runId: string, claims: readonly string[]): readonly DocumentUpdate[] {
  return updateScopes(claims, (document, member) => {
    const holder =
      document.whole ?? (member === undefined ? Object.values(document.members)[0] : document.members[member])
    if (holder !== undefined && holder !== runId) {
      throw new VmunitError(
        'ERR_CLAIMED',
        `Run ${holder} has a claim on ${member ?? 'it'}; wait for it, resume it, or cancel it.`,
        {
          details: { runId: holder },
        },
      )
    }
    if (member === undefined) return { ...document, whole: runId }
    return { ...document, members: { ...document.members, [member]: runId } }
  })
}

/** Gives the claims of a run back; those of others stay. */
export function giveClaims(runId: string, claims: readonly string[]): readonly DocumentUpdate[] {
  return updateScopes(claims, (document, member) => {
    if (member === undefined) return document.whole === runId ? { members: document.members } : document
    const { [member]: holder, ...others } = document.members
    return holder === runId ? { ...document, members: others } : document
  })
}

function updateScopes(
  claims: readonly string[],
  change: (document: ClaimsDocument, member: string | undefined) => ClaimsDocument,
): readonly DocumentUpdate[] {
  const scopes = Map.groupBy(claims.map(partsOf), (part) => part.scope)
  return [...scopes].map(([scope, parts]) => ({
    key: keys.claims(scope),
    update: (value: Plain): Plain => {
      let document = value === undefined ? { members: {} } : claimsParser.parse(value)
      for (const { member } of parts) document = change(document, member)
      // Never removed, even when empty: a revision that begins anew could pass for the one that somebody read.
      return { ...document }
    },
  }))
}
