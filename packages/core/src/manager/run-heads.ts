import type { Plain } from '../domain/plain.ts'
import { hasEnded, type RunState } from '../domain/run-state.ts'
import { runDocumentParser } from '../engine/documents.ts'
import { openRuns } from '../engine/run-register.ts'
import type { Call, StateStore, Stored } from '../ports/index.ts'

/** Which runs are asked for; all by default. */
export interface WantedRuns {
  readonly states?: readonly RunState[] | undefined
}

/** The heads of runs that may be in one of the states, ascending by id; what has ended is read only if it is asked for. */
export async function* runHeads(store: StateStore, { states }: WantedRuns, call: Call): AsyncGenerator<Stored> {
  if (states !== undefined && !states.some(hasEnded)) yield* await openRuns(store, call)
  else for await (const head of store.list('run/', call)) if (mayBe(head.value, states)) yield head
}

/** A run that has ended stays as it is; of others more is asked than the head. */
function mayBe(head: Plain, states: WantedRuns['states']): boolean {
  if (states === undefined) return true
  const { state } = runDocumentParser.parse(head)
  return !hasEnded(state) || states.includes(state)
}
