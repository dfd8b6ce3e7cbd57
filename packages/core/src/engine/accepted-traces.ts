import * as z from 'zod'
import type { Parser } from '../domain/plain.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { commitUpdates } from './commit-updates.ts'
import { keys } from './documents.ts'

/** Operation ids that no record knows, and who has looked at what bears them. */
type Accepted = Readonly<Record<string, { readonly by: string; readonly time: number }>>

const acceptedParser: Parser<Accepted> = z.record(z.string(), z.object({ by: z.string(), time: z.number() }))

/** The operation ids that a person answers for. */
export async function acceptedTraces(store: StateStore, call: Call = {}): Promise<ReadonlySet<string>> {
  const [document] = await store.get([keys.traces], call)
  return new Set(document === undefined ? [] : Object.keys(acceptedParser.parse(document.value)))
}

export interface AcceptTraces {
  readonly operationIds: readonly string[]
  /** The name of the person. */
  readonly by: string
}

/** Writes down that a person answers for these. */
export async function acceptTraces(
  store: StateStore,
  { operationIds, by }: AcceptTraces,
  call: Call = {},
): Promise<void> {
  const time = await store.now(call)
  const added: Accepted = Object.fromEntries(operationIds.map((id) => [id, { by, time }]))
  const update = (value: unknown): Accepted => ({
    ...(value === undefined ? {} : acceptedParser.parse(value)),
    ...added,
  })
  await commitUpdates(store, { updates: [{ key: keys.traces, update }] }, call)
}
