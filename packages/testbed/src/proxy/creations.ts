import type { Reference } from './soap.ts'
import type { Turns } from './turns.ts'
import { runningTask, type Views, withoutConfig } from './views.ts'

/** A clone that vcsim has finished and clients shall see running. */
export interface Creation {
  readonly task: Reference
  readonly machine: Reference
  /** What still belongs to it, such as powering on; done before it shows as finished. */
  finish(): Promise<void>
}

/** Creations in progress, as clients see them. */
export interface Creations {
  /** Shows a creation as running: for as long as creations take, and while they are held. */
  begin(creation: Creation): Promise<void>
  /** While on, no creation ends. Turned off, those that are due end at once. */
  hold(on: boolean): Promise<void>
  /** How long creations take from now on, in milliseconds. */
  setDuration(ms: number): void
  isInProgress(machine: string): boolean
  /** Resolves when the creation with this task ends; undefined when none is in progress. */
  ended(task: string): Promise<void> | undefined
  /** Does work that makes a machine which is not known yet: nobody sees the inventory until it is. */
  identifying<T>(work: () => Promise<T>): Promise<T>
  /** Resolves when every machine that exists is known. */
  settled(): Promise<void>
  /** Forgets everything in progress. */
  close(): void
}

interface Progress {
  isDue: boolean
  readonly timer: NodeJS.Timeout
  readonly over: PromiseWithResolvers<void>
}

export interface CreationOptions {
  readonly views: Views
  readonly durationMs: number
  readonly turns: Turns
}

export function createCreations(options: CreationOptions): Creations {
  const { views, turns } = options
  const running = new Map<Creation, Progress>()
  const unknown = new Set<Promise<unknown>>()
  let isHeld = false
  let durationMs = options.durationMs

  const end = async (creation: Creation): Promise<void> => {
    const progress = running.get(creation)
    if (progress === undefined) return
    clearTimeout(progress.timer)
    // Its place among the operations in progress is free only when all of it is done.
    await creation.finish().finally(() => {
      running.delete(creation)
      progress.over.resolve()
    })
    views.delete(creation.task)
    views.delete(creation.machine)
    turns.touch()
  }

  const due = (creation: Creation): void => {
    const state = running.get(creation)
    if (state === undefined) return
    state.isDue = true
    // vcsim may be gone already when the last creation ends.
    if (!isHeld) end(creation).catch(() => undefined)
  }

  return {
    begin: async (creation) => {
      if (!isHeld && durationMs === 0) {
        await creation.finish()
        return
      }
      views.set(creation.machine, withoutConfig)
      views.set(creation.task, runningTask)
      const timer = setTimeout(due, durationMs, creation)
      running.set(creation, { isDue: false, timer, over: Promise.withResolvers<void>() })
    },
    hold: async (on) => {
      isHeld = on
      if (on) return
      await Promise.all([...running].filter(([, { isDue }]) => isDue).map(async ([creation]) => await end(creation)))
    },
    setDuration: (ms) => {
      durationMs = ms
    },
    ended: (task) => [...running].find(([creation]) => creation.task.value === task)?.[1].over.promise,
    isInProgress: (machine) => [...running.keys()].some((creation) => creation.machine.value === machine),
    identifying: async (work) => {
      const done = work()
      unknown.add(done)
      try {
        return await done
      } finally {
        unknown.delete(done)
      }
    },
    settled: async () => {
      if (unknown.size > 0) await Promise.allSettled(unknown)
    },
    close: () => {
      isHeld = false
      for (const { timer, over } of running.values()) {
        clearTimeout(timer)
        over.resolve()
      }
      running.clear()
    },
  }
}
