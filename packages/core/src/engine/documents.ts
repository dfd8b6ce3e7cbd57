import * as z from 'zod'
import type { Parser, Plain } from '../domain/plain.ts'
import type { Answer, RequestKind } from '../domain/request.ts'
import type { RunState } from '../domain/run-state.ts'

/** The keys of all documents. A prefix is everything of one kind. */
export const keys = {
  manager: 'manager',
  traces: 'traces',
  account: (name: string): string => `account/${name}`,
  audit: (id: string): string => `audit/${id}`,
  unit: (name: string): string => `unit/${name}`,
  group: (unit: string, group: string): string => `group/${unit}/${group}`,
  groupsOf: (unit: string): string => `group/${unit}/`,
  template: (name: string): string => `template/${name}`,
  definition: (hash: string): string => `definition/${hash}`,
  address: (address: string): string => `address/${address}`,
  /** Which addresses of a network are handed out to whom. */
  addressPool: (network: string): string => `pool/${network}`,
  run: (id: string): string => `run/${id}`,
  /** There for as long as a run has not ended. */
  openRun: (id: string): string => `open/${id}`,
  /** How many runs were started. */
  started: 'started',
  /** The id of the run that was started as the n-th, in the order of the transactions; counted from 0. */
  startedAs: (n: number): string => `started/${n}`,
  archive: (run: string): string => `archive/${run}`,
  control: (run: string): string => `control/${run}`,
  request: (id: string): string => `request/${id}`,
  /** How many of the runs, as they were started, the delivery of notices under a name has met. */
  noticed: (name: string): string => `noticed/${name}`,
  /** Where the delivery of notices under a name stands with a run; gone when everything is told. */
  cursor: (name: string, run: string): string => `cursor/${name}/${run}`,
  claims: (scope: string): string => `claims/${scope}`,
  outages: (unit: string): string => `outages/${unit}`,
} as const

/** What a run waits for; several requests when several groups wait for people. */
export interface WaitingRun {
  readonly for: string
  readonly request?: string
  readonly requests?: readonly string[]
  readonly until?: number
}

const waitingRun: z.ZodType<WaitingRun> = z.object({
  for: z.string(),
  request: z.string().exactOptional(),
  requests: z.array(z.string()).readonly().exactOptional(),
  until: z.number().exactOptional(),
})

/** The head of a run's journal, written in the same transaction as the record that changes it. */
export interface RunDocument {
  readonly operation: string
  readonly claims: readonly string[]
  readonly state: Exclude<RunState, 'interrupted'>
  readonly createdAt: number
  /** The name of the principal who started it. */
  readonly startedBy?: string | undefined
  readonly waiting?: WaitingRun | undefined
  /** An archive has taken the place of its journal. */
  readonly compacted?: true | undefined
}

export const runDocumentParser: Parser<RunDocument> = z.object({
  operation: z.string(),
  claims: z.array(z.string()).readonly(),
  state: z.enum(['waiting', 'running', 'paused', 'succeeded', 'failed', 'cancelled']),
  createdAt: z.number(),
  startedBy: z.string().optional(),
  waiting: waitingRun.optional(),
  compacted: z.literal(true).optional(),
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
  /** The gate or the step that asks. */
  readonly gate: string
  /** Absent: an approval. */
  readonly kind?: RequestKind | undefined
  readonly text: string
  readonly planHash: string
  readonly requestedBy: string
  /** What is wanted, for programs. */
  readonly subject?: Plain
  readonly from?: number | undefined
  readonly until?: number | undefined
  readonly answer?: Answer | undefined
  /** Why no answer is needed any more. */
  readonly withdrawn?: string | undefined
}

const anything: z.ZodType<Plain> = z.custom<Plain>()

export const requestParser: Parser<RequestDocument> = z.object({
  run: z.string(),
  gate: z.string(),
  kind: z.enum(['approval', 'work', 'resources']).optional(),
  text: z.string(),
  planHash: z.string(),
  requestedBy: z.string(),
  subject: anything.optional(),
  from: z.number().optional(),
  until: z.number().optional(),
  answer: z
    .object({
      approve: z.boolean(),
      by: z.string(),
      time: z.number(),
      note: z.string().optional(),
      content: anything.optional(),
    })
    .optional(),
  withdrawn: z.string().optional(),
})

/** A document as it is stored. */
export function plain(document: object): Plain {
  return document as Plain
}
