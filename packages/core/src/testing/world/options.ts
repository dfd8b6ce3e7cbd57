import * as z from 'zod'
import type { Parser } from '../../domain/plain.ts'
import type { Clock } from '../../ports/clock.ts'

/** How long the platform takes, in milliseconds; what is absent takes no time. */
export interface WorldLatency {
  readonly create?: number | undefined
  readonly power?: number | undefined
  readonly remove?: number | undefined
  readonly publish?: number | undefined
  /** Also releasing and re-addressing. */
  readonly adopt?: number | undefined
  /** Every guest call but push and pull. */
  readonly exec?: number | undefined
  /** Also pull. */
  readonly push?: number | undefined
  readonly balancer?: number | undefined
  /** Inventories and other questions to the hypervisor. */
  readonly look?: number | undefined
}

/** The part of a world's options that is JSON, and so can travel to a world process. */
export interface WorldSettings {
  /** Decides host keys and the luck of fault rules. Default 1. */
  readonly seed?: number | undefined
  readonly latencyMs?: WorldLatency | undefined
  /** Whether a machine's marker is unreadable until its creation has ended. Default true. */
  readonly hideMarkerWhileCreating?: boolean | undefined
  /** Present: the hypervisor has the `limits` facet, with the one resource `simulator`. */
  readonly limits?: { readonly create: number } | undefined
  /** What the address pool hands out, by network. Default: it knows no network. */
  readonly networks?: Readonly<Record<string, readonly string[]>> | undefined
  /** How long an address of the pool rests when it was released. Default 3,600,000. */
  readonly addressRestMs?: number | undefined
}

/** Options of `createWorld`. */
export interface WorldOptions extends WorldSettings {
  /** Default: the clock of this machine. */
  readonly clock?: Clock | undefined
  /**
   * Where the log is appended; the state is kept beside it, in `state.json` and `blobs.jsonl`, and read again when a
   * world is created with the same file. Default: nothing is written.
   */
  readonly file?: string | undefined
}

const ms = z.number().min(0).optional()

/** Reads settings that came from a file. */
export const worldSettings: Parser<WorldSettings> = z.strictObject({
  seed: z.int().optional(),
  latencyMs: z
    .strictObject({
      create: ms,
      power: ms,
      remove: ms,
      publish: ms,
      adopt: ms,
      exec: ms,
      push: ms,
      balancer: ms,
      look: ms,
    })
    .optional(),
  hideMarkerWhileCreating: z.boolean().optional(),
  limits: z.strictObject({ create: z.int().min(1) }).optional(),
  networks: z.record(z.string(), z.array(z.string())).optional(),
  addressRestMs: ms,
})
