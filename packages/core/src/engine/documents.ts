import * as z from 'zod'
import type { Parser, Plain } from '../domain/plain.ts'
import type { RunState } from '../domain/run-state.ts'

/** The keys of all documents. A prefix is everything of one kind. */
export const keys = {
  manager: 'manager',
  traces: 'traces',
  account: (name: string): string => `account/${name}`,
  unit: (name: string): string => `unit/${name}`,
  group: (unit: string, group: string): string => `group/${unit}/${group}`,
  groupsOf: (unit: string): string => `group/${unit}/`,
  template: (name: string): string => `template/${name}`,
  definition: (hash: string): string => `definition/${hash}`,
  address: (address: string): string => `address/${address}`,
  run: (id: string): string => `run/${id}`,
  archive: (run: string): string => `archive/${run}`,
  control: (run: string): string => `control/${run}`,
  request: (id: string): string => `request/${id}`,
  claims: (scope: string): string => `claims/${scope}`,
  outages: (unit: string): string => `outages/${unit}`,
} as const

/** The head of a run's journal, written in the same transaction as the record that changes it. */
export interface RunDocument {
  readonly operation: string
  readonly claims: readonly string[]
  readonly state: Exclude<RunState, 'interrupted'>
  readonly createdAt: number
  /** The name of the principal who started it. */
  readonly startedBy?: string | undefined
  readonly waiting?:
    | { readonly for: string; readonly request?: string | undefined; readonly until?: number | undefined }
    | undefined
}

export const runDocumentParser: Parser<RunDocument> = z.object({
  operation: z.string(),
  claims: z.array(z.string()).readonly(),
  state: z.enum(['waiting', 'running', 'paused', 'succeeded', 'failed', 'cancelled']),
  createdAt: z.number(),
  startedBy: z.string().optional(),
  waiting: z.object({ for: z.string(), request: z.string().optional(), until: z.number().optional() }).optional(),
})

/** What another process asks of the owner of a run. */
export interface ControlDocument {
  readonly verb: 'pause' | 'cancel'
  readonly reason: string
  readonly by: string
}

export const controlParser: Parser<ControlDocument> = z.object({
  verb: z.enum(['pause', 'cancel']),
  reason: z.string(),
  by: z.string(),
})

/** Something that a person is asked, and the answer when there is one. */
export interface RequestDocument {
  readonly run: string
  readonly gate: string
  readonly text: string
  readonly planHash: string
  readonly requestedBy: string
  /** `work`: something that a person does, and may answer who asked for it. Absent: an approval. */
  readonly kind?: 'work' | undefined
  readonly answer?: { readonly approve: boolean; readonly by: string; readonly time: number } | undefined
}

export const requestParser: Parser<RequestDocument> = z.object({
  run: z.string(),
  gate: z.string(),
  text: z.string(),
  planHash: z.string(),
  requestedBy: z.string(),
  kind: z.literal('work').optional(),
  answer: z.object({ approve: z.boolean(), by: z.string(), time: z.number() }).optional(),
})

/** A document as it is stored. */
export function plain(document: object): Plain {
  return document as Plain
}
