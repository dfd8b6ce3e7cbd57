import type { Timing } from '@vmunit/core'

/** Nothing waits longer than it must. */
export const TIMING: Timing = { leaseMs: 3_000, pollMs: 50, retryForMs: 60_000, lookForMs: 60_000 }
