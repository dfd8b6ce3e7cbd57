/** Options of everything that waits. An abort rejects with `signal.reason` and leaves nothing pending. */
export interface Call {
  readonly signal?: AbortSignal | undefined
  /** Called with a fraction in 0..1 that never falls. */
  readonly onProgress?: ((fraction: number) => void) | undefined
}

/** Something with an owner who closes it. Closing twice is allowed; later calls reject with `ERR_CLOSED`. */
export interface Closeable extends AsyncDisposable {
  close(): Promise<void>
}
