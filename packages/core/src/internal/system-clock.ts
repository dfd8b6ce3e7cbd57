/** The clock of this machine. A sleep that is aborted leaves no timer and no listener. */
export const systemClock = {
  now: (): number => Date.now(),
  sleep: (ms: number, call: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> =>
    new Promise((resolve, reject) => {
      const { signal } = call
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
}
