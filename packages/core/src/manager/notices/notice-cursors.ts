import * as z from 'zod'
import type { Parser } from '../../domain/plain.ts'
import { keys } from '../../engine/documents.ts'
import { startedFrom } from '../../engine/run-register.ts'
import type { Call, Lease, PutDocument, StateStore } from '../../ports/index.ts'

/** How far the journal of one run was told under one name. */
export interface NoticeCursor {
  readonly run: string
  /** The sequence number of the next record. */
  readonly next: number
}

const nextParser: Parser<number> = z.number()
const countParser: Parser<number> = z.number().default(0)

/** How many new runs are met in one transaction. */
const LIMIT = 200

/** What is still to be told under one name; of a run that has ended and is told to its end nothing is kept. */
export interface NoticeCursors {
  /** Meets runs that were started since; false when there was none. */
  meet(call?: Call): Promise<boolean>
  /** The runs that were met and may have more to tell, ascending by id. */
  open(call?: Call): Promise<readonly NoticeCursor[]>
  write(cursor: NoticeCursor, call?: Call): Promise<void>
  /** Everything is told. */
  close(run: string, call?: Call): Promise<void>
}

/** The cursors of one name; only the holder of its lease writes them. */
export function createNoticeCursors(store: StateStore, lease: Lease, name: string): NoticeCursors {
  const prefix = keys.cursor(name, '')

  async function put(run: string, value: PutDocument['value'], call: Call): Promise<void> {
    const key = keys.cursor(name, run)
    const [known] = await store.get([key], call)
    await store.commit({ lease, put: [{ key, revision: known?.revision ?? 0, value }] }, call)
  }

  return {
    async meet(call = {}) {
      const key = keys.noticed(name)
      const [noticed] = await store.get([key], call)
      const from = countParser.parse(noticed?.value)
      const runs = await startedFrom(store, { from, limit: LIMIT }, call)
      if (runs.length === 0) return false
      const met = { key, revision: noticed?.revision ?? 0, value: from + runs.length }
      const begun = runs.map((run) => ({ key: keys.cursor(name, run), revision: 0, value: 1 }))
      await store.commit({ lease, put: [met, ...begun] }, call)
      return true
    },
    async open(call = {}) {
      const cursors: NoticeCursor[] = []
      for await (const { key, value } of store.list(prefix, call)) {
        cursors.push({ run: key.slice(prefix.length), next: nextParser.parse(value) })
      }
      return cursors
    },
    write: async ({ run, next }, call = {}) => await put(run, next, call),
    close: async (run, call = {}) => await put(run, undefined, call),
  }
}
