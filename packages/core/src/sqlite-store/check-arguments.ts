/** Refuses a text that is empty or that the database would store as another one. */
export function assertName(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string' || value === '' || !value.isWellFormed()) {
    throw new TypeError(`${what} must be a non-empty, well-formed string.`)
  }
}

/** Refuses everything but an integer from `minimum` on. */
export function assertCount(value: unknown, minimum: number, what: string): asserts value is number {
  if (!Number.isSafeInteger(value) || Number(value) < minimum) {
    throw new TypeError(`${what} must be an integer from ${minimum} on.`)
  }
}
