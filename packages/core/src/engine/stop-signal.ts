/** Why a run stops without having ended. Never recorded as the result of a step. */
export class RunStopped extends Error {
  readonly verb: 'pause' | 'cancel' | 'lost'
  readonly by: string

  constructor(verb: 'pause' | 'cancel' | 'lost', reason: string, by: string) {
    super(reason)
    this.verb = verb
    this.by = by
  }
}
