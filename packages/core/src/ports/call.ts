/** Options of everything that waits. An abort rejects with `signal.reason` and leaves nothing pending. */
export interface Call {
  readonly signal?: AbortSignal | undefined
  /** Called with a fraction in 0..1 that never falls. */
  readonly onProgress?: ((fraction: number) => void) | undefined
  /**
   * Throws when this process may not change anything any more. A driver asks it as the last thing before a request
   * that changes something leaves, for each such request: between the call and that moment may lie a login, a queue or
   * another request, and the process may have been stopped meanwhile.
   */
  readonly permit?: (() => void) | undefined
  /** Told what a long call waits for, as the end of the sentence "it waits for …": a limit, a queue, a task. */
  readonly waitingFor?: ((what: string) => void) | undefined
}

/** Something with an owner who closes it. Closing twice is allowed; later calls reject with `ERR_CLOSED`. */
export interface Closeable extends AsyncDisposable {
  close(): Promise<void>
}
