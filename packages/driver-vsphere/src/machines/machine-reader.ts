import { abortable } from '../internal/abortable.ts'
import { createBatch } from '../internal/batch.ts'
import type { Fleet } from './fleet.ts'
import type { MachineFacts } from './machine-facts.ts'

/** Reads single machines. */
export interface MachineReader {
  /** The machine as it is now; undefined when there is none. */
  read(id: string, signal?: AbortSignal): Promise<MachineFacts | undefined>
}

interface Asked {
  readonly id: string
  readonly resolve: (facts: MachineFacts | undefined) => void
  readonly reject: (error: unknown) => void
}

// So short that nobody notices, long enough that operations that go on at the same moment are read together.
const TIMES = { quietMs: 2, maxMs: 20 }

/**
 * Reads machines anew for every caller, and in one question for those who ask at the same moment: so a marker is never
 * taken from memory, and with many operations in flight the look before each one costs almost nothing.
 */
export function createMachineReader(fleet: Fleet): MachineReader {
  const batch = createBatch<Asked>(TIMES, (asked) => {
    answer(fleet, asked).catch((error: unknown) => {
      for (const { reject } of asked) reject(error)
    })
  })
  return {
    async read(id, signal) {
      signal?.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<MachineFacts | undefined>()
      batch.add({ id, resolve, reject })
      return await abortable(promise, signal)
    },
  }
}

async function answer(fleet: Fleet, asked: readonly Asked[]): Promise<void> {
  const found = await fleet.read(asked.map(({ id }) => id))
  const byId = new Map(found.map((facts) => [facts.id, facts]))
  for (const { id, resolve } of asked) resolve(byId.get(id))
}
