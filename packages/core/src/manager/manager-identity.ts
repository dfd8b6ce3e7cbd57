import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import type { Parser } from '../domain/plain.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'

/** Whose a store is. */
export interface ManagerIdentity {
  readonly id: string
  /** What the plans of this manager are sealed with; it never leaves the store. */
  readonly planKey: string
}

const identityParser: Parser<{ readonly id: string; readonly planKey?: string | undefined }> = z.object({
  id: z.string(),
  planKey: z.string().optional(),
})

const PLAN_KEY_BYTES = 32

/**
 * Makes a new store this manager's, or checks that it is.
 *
 * @throws {@link VmunitError} `ERR_STORE_FOREIGN` when it belongs to another manager.
 */
export async function claimStore(store: StateStore, id: string, call: Call = {}): Promise<ManagerIdentity> {
  const [document] = await store.get([keys.manager], call)
  const found = document && identityParser.parse(document.value)
  if (found !== undefined && found.id !== id) {
    throw new VmunitError(
      'ERR_STORE_FOREIGN',
      `The store belongs to manager ${found.id}, this one is ${id}. Nothing was changed.`,
      {
        details: { owner: found.id, manager: id },
      },
    )
  }
  if (found?.planKey !== undefined) return { id, planKey: found.planKey }
  const fresh = { id, planKey: randomBytes(PLAN_KEY_BYTES).toString('base64url') }
  const update = (value: unknown): ReturnType<typeof plain> =>
    plain(value === undefined ? fresh : { ...fresh, ...identityParser.parse(value) })
  await commitUpdates(store, { updates: [{ key: keys.manager, update }] }, call)
  // Somebody else may have been faster.
  return await claimStore(store, id, call)
}
