export const LEASE_MS = 600

/** Patience for stories in which managers die. */
export const TIMING = { leaseMs: LEASE_MS, pollMs: 20, retryForMs: 10_000, lookForMs: 10_000 }
