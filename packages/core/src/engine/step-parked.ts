import type { Wait } from '../ports/index.ts'

/** How a step gives its turn back because it waits for people or for a time. Never recorded as its result. */
export class StepParked extends Error {
  readonly wait: Wait

  constructor(wait: Wait) {
    super(`waits for ${wait.for}`)
    this.wait = wait
  }
}
