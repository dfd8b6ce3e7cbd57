import * as z from 'zod'
import type { Parser } from '../domain/plain.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'

const identityParser: Parser<{ readonly id: string }> = z.object({ id: z.string() })

/**
 * Makes a new store this manager's, or checks that it is.
 *
 * @throws {@link VmunitError} `ERR_STORE_FOREIGN` when it belongs to another manager.
 */
export async function claimStore(store: StateStore, id: string, call: Call = {}): Promise<void> {
  const [document] = await store.get([keys.manager], call)
  if (document === undefined) {
    await commitUpdates(store, { updates: [{ key: keys.manager, update: (value) => value ?? plain({ id }) }] }, call)
    await claimStore(store, id, call)
    return
  }
  const owner = identityParser.parse(document.value).id
  if (owner === id) return
  throw new VmunitError(
    'ERR_STORE_FOREIGN',
    `The store belongs to manager ${owner}, this one is ${id}. Nothing was changed.`,
    {
      details: { owner, manager: id },
    },
  )
}
