import * as z from 'zod'
import type { Parser, Plain } from '../domain/plain.ts'
import { isVmunitError, VmunitError } from '../errors/index.ts'
import type { Call, DocumentUpdate, StateStore, Stored } from '../ports/index.ts'
import { keys } from './documents.ts'

const countParser: Parser<number> = z.number().default(0)
const idParser: Parser<string> = z.string()

/**
 * Commits what creates a run, and in the same transaction what finds it: among those that have not ended, and as the
 * n-th. Ids tell when a run was begun, this tells in which order runs came to be: whoever has met n, has missed none.
 */
export async function registerRun(
  store: StateStore,
  { runId, commit }: { readonly runId: string; commit(updates: readonly DocumentUpdate[]): Promise<void> },
  call: Call = {},
): Promise<void> {
  for (;;) {
    const [started] = await store.get([keys.started], call)
    const count = countParser.parse(started?.value)
    const next = (value: Plain): Plain => {
      if (countParser.parse(value) !== count) throw overtaken()
      return count + 1
    }
    try {
      await commit([
        { key: keys.started, update: next },
        { key: keys.startedAs(count), update: () => runId },
        { key: keys.openRun(runId), update: () => true },
      ])
      return
    } catch (error) {
      if (!isVmunitError(error, 'ERR_CONFLICT') || error.details['key'] !== keys.started) throw error
    }
  }
}

function overtaken(): VmunitError {
  return new VmunitError(
    'ERR_CONFLICT',
    'Another run was started at the same moment. Nothing was written; repeat it.',
    {
      details: { key: keys.started },
    },
  )
}

/** The ids of runs in the order in which they were started, from the n-th on; no more than `limit` of them. */
export async function startedFrom(
  store: StateStore,
  { from, limit }: { readonly from: number; readonly limit: number },
  call: Call = {},
): Promise<readonly string[]> {
  const [started] = await store.get([keys.started], call)
  const to = Math.min(countParser.parse(started?.value), from + limit)
  const asked = Array.from({ length: Math.max(0, to - from) }, (_, index) => keys.startedAs(from + index))
  const stored = await store.get(asked, call)
  return stored.map((document) => idParser.parse(document?.value))
}

/** The heads of the runs that have not ended, ascending by id. It costs what they are, however many have ended. */
export async function openRuns(store: StateStore, call: Call = {}): Promise<readonly Stored[]> {
  const heads: string[] = []
  for await (const { key } of store.list(keys.openRun(''), call)) heads.push(keys.run(key.slice('open/'.length)))
  return (await store.get(heads, call)).filter((head) => head !== undefined)
}
