/** Something that can be shut and opened, and what waits in front of it. */
export interface Gate {
  readonly shut: boolean
  set(shut: boolean): void
  /** Resolves when the gate is open. */
  passed(): Promise<void>
}

/** Creates an open gate. */
export function createGate(): Gate {
  let opening: PromiseWithResolvers<void> | undefined
  return {
    get shut() {
      return opening !== undefined
    },
    set(shut) {
      if (shut) {
        opening ??= Promise.withResolvers()
        return
      }
      opening?.resolve()
      opening = undefined
    },
    async passed() {
      while (opening !== undefined) await opening.promise
    },
  }
}
