import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'
import type { Parser } from '../../domain/plain.ts'
import type { Wave } from '../../domain/plan.ts'
import type { Argv } from '../../domain/tier.ts'
import { groupsInput, wavesInput } from '../roll/input.ts'

export interface ApplyPatchInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
  /** What installs the patch: run one after another in the guest of each server, each as a job. */
  readonly commands?: readonly Argv[] | undefined
  /**
   * The hash of a directory that `manager.definitions.add` took in: its files are in `/opt/vmunit/patch` while the
   * commands run.
   */
  readonly files?: string | undefined
  /** `person`: the servers are stopped, and the run waits until somebody has patched them and says so. */
  readonly by?: 'job' | 'person' | undefined
  /** What the person is asked. By default to patch the servers. */
  readonly text?: string | undefined
  /** From when the person may do it, in milliseconds since 1970; for people, the group is stopped all the same. */
  readonly from?: number | undefined
  /** Until when the person may do it: without an answer by then the group has failed. Absent: as long as it takes. */
  readonly until?: number | undefined
  /** A command may be run once more when it left no exit code, because its machine died under it. Default false. */
  readonly repeatable?: boolean | undefined
  /** The servers are rebooted after the patch; it is proved that they were. */
  readonly reboot?: boolean | undefined
  /** How many groups at once, one after another by default. Not together with `whole`. */
  readonly waves?: readonly Wave[] | undefined
  /** Stops everything, patches one server after another, and starts everything. */
  readonly whole?: boolean | undefined
  /** Permits a plan that takes the last available group of a tier. */
  readonly allowOutage?: boolean | undefined
  /** Limit of each command. Default 3,600,000. */
  readonly timeoutMs?: number | undefined
}

/** What patches may be combined with. */
export const applyPatchInput: Parser<ApplyPatchInput> = z
  .strictObject({
    ...groupsInput,
    commands: z.array(schemas.argv).min(1).optional(),
    files: z.string().min(1).optional(),
    by: z.enum(['job', 'person']).optional(),
    text: z.string().min(1).max(1024).optional(),
    from: z.int().optional(),
    until: z.int().optional(),
    repeatable: z.boolean().optional(),
    reboot: z.boolean().optional(),
    waves: wavesInput.optional(),
    whole: z.boolean().optional(),
    allowOutage: z.boolean().optional(),
    timeoutMs: schemas.milliseconds.optional(),
  })
  .refine(({ by = 'job', commands }) => (by === 'job') === (commands !== undefined), {
    message: 'are what patches the servers: give some, or let a person do it with by: "person"',
    path: ['commands'],
  })
  .refine(({ by, files, repeatable }) => by !== 'person' || (files === undefined && repeatable === undefined), {
    message: 'is for commands: a person brings the own files',
    path: ['files'],
  })
  .refine(({ by, text, from, until }) => by === 'person' || [text, from, until].every((value) => value === undefined), {
    message: 'is for a person: let one do it with by: "person"',
    path: ['text'],
  })
  .refine(({ from = 0, until = Number.POSITIVE_INFINITY }) => from < until, {
    message: 'must be later than from',
    path: ['until'],
  })
  .refine(({ whole, waves }) => waves === undefined || whole !== true, {
    message: 'cannot be combined with whole: that goes one server after another',
    path: ['waves'],
  })
