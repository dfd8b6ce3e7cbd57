import type { Plain } from '../domain/plain.ts'
import { isVmunitError } from '../errors/index.ts'
import type { AppendRecord, Call, DocumentUpdate, Lease, StateStore } from '../ports/index.ts'

/** Pure changes of documents, and the journal records that belong to them. */
export interface UpdateBatch {
  readonly updates: readonly DocumentUpdate[]
  readonly append?: readonly AppendRecord[] | undefined
  readonly lease?: Lease | undefined
  /**
   * Looks at what was read, and at more, at each try, before the documents are changed. What it saw holds at the commit
   * as well, if whoever changes that writes one of the documents in the same transaction.
   */
  readonly check?: ((read: ReadonlyMap<string, Plain>) => Promise<void>) | undefined
}

const MAX_TRIES = 50

/**
 * Reads the documents, applies the updates in order, and commits all of it or nothing.
 *
 * When somebody else wrote one of the documents in between, it reads again and applies the updates to what is there
 * now. An update that throws ends it with that error; nothing is changed then.
 */
export async function commitUpdates(store: StateStore, batch: UpdateBatch, call: Call = {}): Promise<void> {
  const keys = [...new Set(batch.updates.map((update) => update.key))]
  for (let tries = 1; ; tries += 1) {
    const stored = await store.get(keys, call)
    const values = new Map<string, Plain>(keys.map((key, index) => [key, stored[index]?.value]))
    await batch.check?.(values)
    for (const { key, update } of batch.updates) values.set(key, update(values.get(key)))
    const put = keys.map((key, index) => ({ key, revision: stored[index]?.revision ?? 0, value: values.get(key) }))
    const changed = put.filter(({ revision, value }) => revision > 0 || value !== undefined)
    try {
      await store.commit({ lease: batch.lease, put: changed, append: batch.append }, call)
      return
    } catch (error) {
      const isDocumentConflict = isVmunitError(error, 'ERR_CONFLICT') && error.details['key'] !== undefined
      if (!isDocumentConflict || tries === MAX_TRIES) throw error
    }
  }
}
