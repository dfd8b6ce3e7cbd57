import { expect, it } from 'vitest'
import { type Bell, createBell } from '../../../src/engine/bell.ts'
import { followJournal } from '../../../src/engine/follow-journal.ts'
import { systemClock } from '../../../src/internal/system-clock.ts'
import type { StateStore } from '../../../src/ports/index.ts'

const HEAD = { operation: 'synthetic', claims: [], state: 'running', createdAt: 0 }

/** A run that another process moves and of which nothing new is heard, until the reader has looked so often. */
function silentRun(looks: number, stop: AbortController): Pick<StateStore, 'get' | 'journal'> {
  let count = 0
  return {
    get: async () => await Promise.resolve([{ key: 'run/r', revision: 1, value: HEAD }]),
    async *journal() {
      count += 1
      if (count === looks) stop.abort(new Error('heard enough'))
      yield* await Promise.resolve([])
    },
  }
}

it('keeps nothing of the looks that are over, however long it waits', async () => {
  const stop = new AbortController()
  const asked: AbortSignal[] = []
  const inner = createBell()
  const bell: Pick<Bell, 'next'> = {
    next(over) {
      asked.push(over)
      return inner.next(over)
    },
  }
  const store = silentRun(50, stop) as StateStore
  const sources = { store, clock: systemClock, bell, pollMs: 1 }
  const reading = Array.fromAsync(followJournal(sources, 'r', { from: 1, follow: true, signal: stop.signal }))
  await expect(reading).rejects.toThrow('heard enough')
  expect(asked.length).toBe(50)
  expect(asked.filter((over) => !over.aborted)).toEqual([])
})

it('a bell wakes all who listen, and nobody who went away', async () => {
  const bell = createBell()
  const gone = new AbortController()
  const heard: string[] = []
  const stays = bell.next(new AbortController().signal).then(() => heard.push('stays'))
  void bell.next(gone.signal).then(() => heard.push('gone'))
  gone.abort()
  bell.ring()
  await stays
  expect(heard).toEqual(['stays'])
})
