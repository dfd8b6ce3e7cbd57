import * as z from 'zod'
import type { Parser } from '../../domain/plain.ts'
import { keys, plain } from '../../engine/documents.ts'
import type { Call, Lease, StateStore } from '../../ports/index.ts'

/** How far the journal of one run was told under one name. */
export interface NoticeCursor {
  /** The sequence number of the next record. */
  readonly next: number
  /** Nothing more will come. */
  readonly ended: boolean
}

const cursorParser: Parser<NoticeCursor> = z.object({ next: z.number(), ended: z.boolean() })

/** The cursor of a run that nothing was told of. */
const UNTOLD: NoticeCursor = { next: 1, ended: false }

export interface NoticeCursors {
  /** How far each run was told, by run id. */
  readAll(call?: Call): Promise<Map<string, NoticeCursor>>
  write(run: string, cursor: NoticeCursor, call?: Call): Promise<void>
}

export function cursorOf(cursors: ReadonlyMap<string, NoticeCursor>, run: string): NoticeCursor {
  return cursors.get(run) ?? UNTOLD
}

/** The cursors of one name; only the holder of its lease writes them. */
export function createNoticeCursors(store: StateStore, lease: Lease, name: string): NoticeCursors {
  const prefix = keys.cursor(name, '')
  return {
    async readAll(call = {}) {
      const cursors = new Map<string, NoticeCursor>()
      for await (const { key, value } of store.list(prefix, call)) {
        cursors.set(key.slice(prefix.length), cursorParser.parse(value))
      }
      return cursors
    },
    async write(run, cursor, call = {}) {
      const key = keys.cursor(name, run)
      const [known] = await store.get([key], call)
      await store.commit({ lease, put: [{ key, revision: known?.revision ?? 0, value: plain(cursor) }] }, call)
    },
  }
}
