import * as z from 'zod'
import type { Parser } from '../../domain/plain.ts'
import type { Principal } from '../../domain/principal.ts'
import { keys } from '../../engine/documents.ts'
import { ERROR_CODES, type ErrorCode } from '../../errors/index.ts'
import type { Call, StateStore } from '../../ports/index.ts'

/** A call of a manager that is no run: who called what, when, and how it ended. Runs say that in their journals. */
export interface AuditEntry {
  /** Sorts by the time of the call. */
  readonly id: string
  /** When it began; milliseconds since 1970, by the store's clock. */
  readonly time: number
  readonly by: string
  readonly role: Principal['role']
  /** As programs write it: `accounts.create`. */
  readonly call: string
  /** The name of what it was about: an account, a unit, a template, a request. */
  readonly about?: string | undefined
  /** `begun`: it is under way, or its process died meanwhile, and nobody knows whether it was done. */
  readonly outcome: 'begun' | 'done' | 'failed'
  /** Why it failed; absent for an error that is not of vmunit. */
  readonly code?: ErrorCode | undefined
}

/** Which entries. */
export interface AuditFilter {
  /** What began then or later; milliseconds since 1970. */
  readonly since?: number | undefined
  /** What this principal called. */
  readonly by?: string | undefined
}

/** An entry as it is stored; its id is its key. */
export type AuditRecord = Omit<AuditEntry, 'id'>

const auditParser: Parser<AuditRecord> = z.object({
  time: z.number(),
  by: z.string(),
  role: z.enum(['administrator', 'builder', 'resourceManager']),
  call: z.string(),
  about: z.string().optional(),
  outcome: z.enum(['begun', 'done', 'failed']),
  code: z.enum(Object.keys(ERROR_CODES) as ErrorCode[]).optional(),
})

/** Reads the entries, oldest first. */
export async function* readAudit(
  store: StateStore,
  { since = 0, by }: AuditFilter,
  call: Call,
): AsyncGenerator<AuditEntry, void, undefined> {
  const prefix = keys.audit('')
  for await (const { key, value } of store.list(prefix, call)) {
    const record = auditParser.parse(value)
    if (record.time < since || (by !== undefined && record.by !== by)) continue
    yield { id: key.slice(prefix.length), ...record }
  }
}
