import { describe, expect, it } from 'vitest'
import { type LogicalStatus, mayPass, passage, type ServerVerb } from '../../../src/domain/server-status.ts'

/** Every status and what may be done then: update, start, stop. */
const TABLE: Readonly<Record<LogicalStatus, readonly ServerVerb[]>> = {
  initial: ['update'],
  stopped: ['update', 'start', 'stop'],
  working: ['start', 'stop'],
  updating: ['update'],
  starting: ['start', 'stop'],
  stopping: ['stop'],
  'fault(updating)': ['update'],
  'fault(starting)': ['update', 'start', 'stop'],
  'fault(stopping)': ['update', 'start', 'stop'],
}
const VERBS: readonly ServerVerb[] = ['update', 'start', 'stop']

describe('the logical status of a server', () => {
  it.for(
    (Object.entries(TABLE) as [LogicalStatus, readonly ServerVerb[]][]).flatMap(([status, allowed]) =>
      VERBS.map((verb) => [status, verb, allowed.includes(verb)] as const),
    ),
  )('%s: %s is allowed: %s', ([status, verb, isAllowed]) => {
    expect(mayPass(status, verb)).toBe(isAllowed)
  })

  it('leads from a verb to its end or its fault', () => {
    expect(VERBS.map((verb) => passage(verb)).map(({ during, done, failed }) => [during, done, failed])).toEqual([
      ['updating', 'stopped', 'fault(updating)'],
      ['starting', 'working', 'fault(starting)'],
      ['stopping', 'stopped', 'fault(stopping)'],
    ])
  })

  it.for(VERBS)('lets %s be repeated after a crash in its middle, and after its fault', (verb) => {
    const { during, failed } = passage(verb)
    expect([mayPass(during, verb), mayPass(failed, verb)]).toEqual([true, true])
  })
})
