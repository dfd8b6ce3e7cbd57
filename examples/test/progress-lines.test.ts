import { stripVTControlCharacters } from 'node:util'
import type { Plan, RunEvent, RunRecord } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createProgressLines } from '../demo/progress-lines.ts'
import { createRunView } from '../demo/run-view.ts'
import { openScreen, type Screen } from '../demo/screen.ts'

const PLAN = {
  servers: [
    { server: 'g1/web/0', address: '10.0.0.1', action: 'replace', reason: '' },
    { server: 'g1/app/0', address: '10.0.0.22', action: 'restart', reason: '' },
    { server: 'g2/web/0', address: '10.0.0.3', action: 'none', reason: '' },
  ],
  phases: [
    {
      changes: [
        {
          group: 'g1',
          steps: [
            { id: 'g1/web/0/create@web-base:2', server: 'g1/web/0' },
            { id: 'g1/app/0/start', server: 'g1/app/0' },
          ],
        },
      ],
    },
  ],
  back: [{ changes: [{ group: 'g1', steps: [{ id: 'back:g1/web/0/block', server: 'g1/web/0' }] }] }],
} as unknown as Plan

function event(seq: number, record: RunRecord): RunEvent {
  return { seq, time: 1_000 * seq, checksum: '', ...record }
}

const CHANGE = { change: 'forward:0:g1' } as const
const JOURNAL = [
  event(1, { type: 'change.began', data: CHANGE }),
  event(2, { type: 'step.began', data: { step: 'g1/web/0/create@web-base:2', attempt: 1 } }),
  event(3, { type: 'step.done', data: { step: 'g1/web/0/create@web-base:2', attempt: 1, output: {} } }),
  event(4, { type: 'step.began', data: { step: 'g1/app/0/start', attempt: 1 } }),
]

function fakeScreen(isTerminal: boolean): {
  readonly screen: Screen
  readonly said: string[]
  readonly drawings: number[]
} {
  const said: string[] = []
  const drawings: number[] = []
  const screen: Screen = {
    isTerminal,
    columns: 50,
    heading: () => {},
    say: (text) => void said.push(text),
    redraw(lines) {
      drawings.push(lines.length)
      said.splice(0, said.length, ...lines.map((line) => stripVTControlCharacters(line)))
    },
  }
  return { screen, said, drawings }
}

function show(screen: Screen, records: readonly RunEvent[]): void {
  const view = createRunView(PLAN)
  using lines = createProgressLines(view, screen)
  for (const each of records) lines.show(view.apply(each), each)
}

describe('progress lines', () => {
  it('are one line for each step where there is no terminal', () => {
    const { screen, said } = fakeScreen(false)
    show(screen, [...JOURNAL, event(5, { type: 'change.done', data: CHANGE })])
    expect(said).toEqual([
      ' 1.0 s  · 10.0.0.1   g1/web/0  replace  create',
      ' 3.0 s  · 10.0.0.22  g1/app/0  restart  start',
      ' 4.0 s  ✓ 10.0.0.1   g1/web/0  replace  done',
      ' 4.0 s  ✓ 10.0.0.22  g1/app/0  restart  done',
    ])
  })

  it('are drawn over each other on a terminal, one for each server that changes', () => {
    const { screen, said, drawings } = fakeScreen(true)
    show(screen, JOURNAL)
    expect(new Set(drawings)).toEqual(new Set([2]))
    expect(drawings.length).toBeGreaterThan(JOURNAL.length)
    expect(said[0]).toMatch(/^ {2}\S 10\.0\.0\.1 {3}g1\/web\/0 {2}replace {2}create/)
    expect(said[1]).toMatch(/^ {2}\S 10\.0\.0\.22 {2}g1\/app\/0 {2}restart {2}start/)
    for (const line of said) expect(line.length).toBeLessThan(50)
  })

  it('tell what failed, and what is done on the way back', () => {
    const { screen, said } = fakeScreen(false)
    const failed = event(5, {
      type: 'change.failed',
      data: { ...CHANGE, error: { code: 'ERR_TIMEOUT', message: 'too slow', details: {} } },
    })
    const back = event(6, { type: 'step.began', data: { step: 'back:g1/web/0/block', attempt: 1 } })
    show(screen, [...JOURNAL, failed, back, event(7, { type: 'change.done', data: { change: 'back:0:g1' } })])
    expect(said.slice(2)).toEqual([
      ' 4.0 s  ✗ 10.0.0.1   g1/web/0  replace  failed',
      ' 4.0 s  ✗ 10.0.0.22  g1/app/0  restart  failed',
      ' 5.0 s  · 10.0.0.1   g1/web/0  replace  back: block',
      ' 6.0 s  ↩ 10.0.0.1   g1/web/0  replace  returned',
      ' 6.0 s  ↩ 10.0.0.22  g1/app/0  restart  returned',
    ])
  })
})

describe('a screen', () => {
  it('draws over its last drawing, but not over what was said since', () => {
    const written: string[] = []
    const stream = { isTTY: true, columns: 80, write: (text: string) => written.push(text) }
    const screen = openScreen(stream as unknown as NodeJS.WriteStream)
    screen.redraw(['a', 'b'])
    screen.redraw(['c', 'd'])
    screen.say('pausing')
    screen.redraw(['e', 'f'])
    expect(written.map((text) => text.startsWith('\x1b[2A'))).toEqual([false, true, false, false])
  })
})
