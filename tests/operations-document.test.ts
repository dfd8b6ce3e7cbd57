import { describe, expect, it } from 'vitest'
import { BUILT_IN_OPERATIONS } from '../packages/core/src/operations/built-in-operations.ts'
import { PROCEDURES } from '../scripts/manual-procedures.ts'
import { WORK_FLOWS } from '../scripts/manual-tables.ts'
import { MANUAL, operationsDocument, withoutRunIds } from '../scripts/operations-document.ts'
import { type Evidence, proves, type RecordedRun, SITES } from '../scripts/recorded-runs.ts'

const RUN: RecordedRun = {
  id: '20261125T211652647-stop-4cc6690e',
  site: 'simulator',
  operation: 'stop',
  input: { unit: 'gyoumu_a', groups: ['vmgroup_1'] },
  by: 'builder',
  steps: ['balancer.block block', 'guest.job stop', 'guest.job stop'],
  kinds: ['balancer.block', 'guest.job'],
  records: ['run.created', 'run.owned', 'step.done', 'run.succeeded'],
  file: 'integration/operations.test.ts',
  test: 'operations on the simulator > stops it',
}

const evidence = MANUAL.flatMap(({ rows }) => rows.flatMap(({ shownBy }) => shownBy))

/** A suite in which, at each site and for each table, one run of each operation does all that is wanted of it. */
function everything(): readonly RecordedRun[] {
  return SITES.flatMap((site) =>
    MANUAL.flatMap(({ rows }, table) => {
      const wanted = Map.groupBy(
        rows.flatMap(({ shownBy }) => shownBy),
        ({ operation, input, by, test }) => JSON.stringify([operation, Object.entries(input ?? {}), by, test]),
      )
      return [...wanted.values()].map((same, index): RecordedRun => {
        const [{ operation, input = {}, by = 'builder', test = '' }] = same as [Evidence]
        const steps = same.flatMap((each) => each.steps ?? [])
        const records = same.flatMap((each) => each.records ?? [])
        const id = `20261125T${table}${String(index).padStart(8, '0')}-${operation.replace('.', '_')}-00000000`
        return { ...RUN, id, site, operation, input, by, test, steps, records }
      })
    }),
  )
}

describe('the rows of the manual', () => {
  it('are those of tables 1-3 and 1-4', () => {
    const sections = WORK_FLOWS.map(({ rows }) => rows.map(({ section }) => section).join(' '))
    expect(sections).toEqual([
      '3.1.1 3.1.2 3.2 3.3 4.1.1 4.1.2 4.1.3 4.1.4 4.1.5 4.2.1 4.2.2 4.3 5.2.1 5.2.2 5.2.3 5.2.4 5.2.5 6.1.1 6.2.5',
      '5.2.1 5.2.2 5.2.3 5.2.4 5.2.5 5.3 5.3 5.3 6.1.1 6.1.2 6.1.3 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.3',
    ])
  })

  it('are the steps of the procedures of 6.2.3', () => {
    const counted = (count: number): string => Array.from({ length: count }, (_, index) => index + 1).join(' ')
    const steps = PROCEDURES.map(({ rows }) => rows.map(({ section }) => section).join(' '))
    expect(steps).toEqual([5, 6, 6, 2, 13].map(counted))
  })

  it('leave out no operation', () => {
    const named = new Set(evidence.map(({ operation }) => operation))
    expect(BUILT_IN_OPERATIONS.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([])
  })

  it('want something to be shown, each of them', () => {
    expect(MANUAL.flatMap(({ rows }) => rows.filter(({ shownBy }) => shownBy.length === 0))).toEqual([])
  })
})

describe('a run shows', () => {
  const stop = { operation: 'stop' } as const

  it.each<Evidence>([
    stop,
    { ...stop, input: { groups: ['vmgroup_1'] } },
    { ...stop, input: { whole: undefined } },
    { ...stop, steps: ['balancer.block', 'guest.job'] },
    { ...stop, steps: ['guest.job stop', 'guest.job'] },
    { ...stop, records: ['run.owned', 'run.succeeded'] },
    { ...stop, by: 'builder', test: 'stops' },
  ])('%j', (wanted) => {
    expect(proves(RUN, wanted)).toBe(true)
  })

  it.each<Evidence>([
    { operation: 'start' },
    { ...stop, input: { groups: ['vmgroup_2'] } },
    { ...stop, input: { groups: undefined } },
    { ...stop, steps: ['guest.job', 'balancer.block'] },
    { ...stop, steps: ['guest.job start'] },
    { ...stop, steps: ['guest'] },
    { ...stop, steps: ['guest.job', 'guest.job', 'guest.job'] },
    { ...stop, records: ['run.owned', 'run.owned'] },
    { ...stop, by: 'administrator' },
    { ...stop, test: 'starts' },
  ])('not %j', (wanted) => {
    expect(proves(RUN, wanted)).toBe(false)
  })
})

describe('the document', () => {
  it('has a run at each site for every row, and lacks nothing then', () => {
    const { text, missing } = operationsDocument(everything(), '')
    expect(missing).toEqual([])
    expect(text).not.toContain('none')
    const lines = text.split('\n').filter((line) => line.includes('simulator `2026'))
    expect(lines).toHaveLength(evidence.length)
    expect(lines.filter((line) => !line.includes('testbed `2026'))).toEqual([])
  })

  it('names each row that lacks a run, and the site', () => {
    const lacking = everything().filter(({ operation, site }) => operation !== 'retireTemplate' || site !== 'testbed')
    const { missing } = operationsDocument(lacking, '')
    expect(missing).toEqual([
      'What the tables do not name, Retire versions of a template: no run on the testbed shows operation "retireTemplate"',
    ])
    expect(operationsDocument([], '').missing).toHaveLength(SITES.length * evidence.length)
  })

  it('wants the steps of a procedure in one run and in their order', () => {
    const reversed = everything().map((run) =>
      run.operation === 'patchTemplate' ? { ...run, steps: run.steps.toReversed() } : run,
    )
    const { missing } = operationsDocument(reversed, '')
    expect(missing.length).toBeGreaterThan(0)
    expect(missing.every((line) => line.startsWith('6.2.3 (1)'))).toBe(true)
  })

  it('wants the steps that a test does one after another to have begun so', () => {
    const early = everything().map((run) => (run.operation === 'power' ? { ...run, id: `0${run.id}` } : run))
    const { missing } = operationsDocument(early, '')
    const [row] = PROCEDURES.at(-1)?.rows.filter(({ section }) => section === '10') ?? []
    expect(missing).toHaveLength(SITES.length)
    expect(
      missing.every((line) => line.includes(`10 ${row?.task}: `) && line.endsWith('began before the step before it')),
    ).toBe(true)
  })

  it('is the same whatever the ids are', () => {
    const { text } = operationsDocument(everything(), '')
    const other = operationsDocument(
      everything().map((run) => ({ ...run, id: run.id.replace('20261125', '20270101') })),
      '',
    )
    expect(other.text).not.toBe(text)
    expect(withoutRunIds(other.text)).toBe(withoutRunIds(text))
  })
})
