export const LEASE_MS = 600

/** Patience for stories in which managers die; also for one step that all faults of a story meet, one after another. */
export const TIMING = { leaseMs: LEASE_MS, pollMs: 20, retryForMs: 180_000, lookForMs: 10_000 }
