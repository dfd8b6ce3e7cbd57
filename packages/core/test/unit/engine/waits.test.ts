import { describe, expect, it } from 'vitest'
import type { RunRecord } from '../../../src/domain/run-record.ts'
import { foldWaits, type NotedWait } from '../../../src/engine/noted-waits.ts'
import { applyRecord } from '../../../src/engine/progress.ts'
import { createWaits, type Waits } from '../../../src/engine/waits.ts'
import type { DocumentUpdate } from '../../../src/ports/index.ts'
import { manualClock } from '../../../src/testing/manual-clock.ts'
import { progressOf, syntheticPlan } from './support/synthetic-plan.ts'

const NOTICE_MS = 5_000
const HEAD = { operation: 'test', claims: [], state: 'running', createdAt: 0 }

interface Lab {
  readonly waits: Waits
  readonly clock: ReturnType<typeof manualClock>
  readonly written: RunRecord[]
  /** What the head says that the run waits for. */
  head(): string | undefined
  write(record: RunRecord, updates?: readonly DocumentUpdate[]): void
}

function lab(): Lab {
  const clock = manualClock()
  const progress = progressOf(syntheticPlan({ phases: [] }))
  const written: RunRecord[] = []
  let document: unknown = HEAD
  const write = (record: RunRecord, updates: readonly DocumentUpdate[] = []): void => {
    applyRecord(progress, { ...record, time: clock.now() })
    written.push(record)
    for (const { update } of updates) document = update(document as never)
  }
  const waits = createWaits({ progress, writer: { write, durable: async () => {} }, clock, noticeMs: NOTICE_MS })
  return {
    waits,
    clock,
    written,
    write,
    head: () => (document as { readonly waiting?: { readonly for: string } }).waiting?.for,
  }
}

describe('waits', () => {
  it('are not worth a word when they are short', async () => {
    const story = lab()
    const { waits, written } = story
    for (let index = 0; index < 4; index += 1) {
      const step = Promise.withResolvers<void>()
      const done = waits.during(`step ${index}`, async (say) => {
        say('a moment')
        await step.promise
      })
      await story.clock.advance(NOTICE_MS - 1_500)
      step.resolve()
      await done
      expect(waits.ended(`step ${index}`)).toEqual([])
    }
    expect(written).toEqual([])
    await waits.close()
  })

  it('are written down after five seconds, and again when they are for something else', async () => {
    const story = lab()
    const { waits, written } = story
    const step = Promise.withResolvers<void>()
    let speak: (what: string) => void = () => {}
    const done = waits.during('g1/web/0/block', async (say) => {
      speak = say
      say('3 connections to end')
      await step.promise
    })
    await story.clock.advance(2 * NOTICE_MS)
    speak('1 connection to end')
    await story.clock.advance(2 * NOTICE_MS)
    expect(written).toEqual([
      { type: 'wait.noted', data: { about: 'g1/web/0/block', for: '3 connections to end' } },
      { type: 'wait.noted', data: { about: 'g1/web/0/block', for: '1 connection to end' } },
    ])
    expect(story.head()).toBe('1 connection to end, in g1/web/0/block')
    step.resolve()
    await done
    const data = { step: 'g1/web/0/block', attempt: 1, output: {} }
    story.write({ type: 'step.done', data }, waits.ended('g1/web/0/block'))
    expect(story.head()).toBeUndefined()
    await waits.close()
  })

  it('say that there are more of them, and something where nobody said for what', async () => {
    const story = lab()
    const { waits } = story
    const step = Promise.withResolvers<void>()
    const all = ['a', 'b', 'c'].map((about) => waits.during(about, async () => await step.promise))
    await story.clock.advance(2 * NOTICE_MS)
    expect(story.head()).toBe('the platform or the guest to do its part, in a (and 2 more)')
    step.resolve()
    await Promise.all(all)
    await waits.close()
  })

  it('are watched again after there were none', async () => {
    const story = lab()
    const { waits, written } = story
    await waits.during('a', async () => {})
    await story.clock.advance(2 * NOTICE_MS)
    const step = Promise.withResolvers<void>()
    const done = waits.during('b', async () => await step.promise)
    await story.clock.advance(2 * NOTICE_MS)
    expect(written).toHaveLength(1)
    step.resolve()
    await done
    await waits.close()
  })

  it('end with what they are about, and all with the run or its owner', () => {
    const waits = new Map<string, NotedWait>()
    const fold = (record: RunRecord): readonly string[] => {
      foldWaits(waits, { ...record, time: 7 })
      return [...waits.keys()]
    }
    const error = { code: 'ERR_DRIVER', message: 'no', details: {} } as const
    const note = (about: string): readonly string[] => fold({ type: 'wait.noted', data: { about, for: 'x' } })
    expect(note('a')).toEqual(['a'])
    expect(waits.get('a')).toEqual({ for: 'x', at: 7 })
    expect(fold({ type: 'step.done', data: { step: 'a', attempt: 1, output: {} } })).toEqual([])
    note('a')
    expect(fold({ type: 'step.failed', data: { step: 'a', attempt: 1, error } })).toEqual([])
    note('forward:0:g1')
    expect(fold({ type: 'change.failed', data: { change: 'forward:0:g1', error } })).toEqual([])
    note('a')
    expect(note('b')).toEqual(['a', 'b'])
    expect(fold({ type: 'step.began', data: { step: 'a', attempt: 1 } })).toEqual(['a', 'b'])
    expect(fold({ type: 'run.owned', data: { owner: 'somebody' } })).toEqual([])
  })
})
