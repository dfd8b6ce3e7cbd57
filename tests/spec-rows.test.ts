import { describe, expect, it } from 'vitest'
import { SPEC_SECTIONS } from '../packages/core/test/spec-rows/index.ts'
import { titleOf } from '../packages/core/test/spec-rows/spec-row.ts'
import { findRowProblems, type ReportedTest, type TestReport } from '../scripts/spec-rows.ts'

const SECTIONS = [
  {
    title: 'vmiunit start',
    rows: [
      { row: '9.1.1', text: 'no unit', code: 'ERR_NOT_FOUND', exitClass: 64 },
      { row: '9.1.2', text: 'some failed', code: 'ERR_RUN_FAILED', exitClass: 1 },
    ],
  },
] as const

const reportOf = (...tests: readonly ReportedTest[]): TestReport => ({ testResults: [{ assertionResults: tests }] })
const passed = (title: string): ReportedTest => ({ title, status: 'passed' })
const BOTH = [passed('9.1 row 1: no unit'), passed('9.1 row 2: some failed, and the rest is done')]

describe('the check of the rows of the specification', () => {
  it('is content when each has a passed test', () => {
    expect(findRowProblems(SECTIONS, reportOf(...BOTH, passed('another test')))).toEqual([])
  })

  it('names a row without a test, and one whose test failed or was not run', () => {
    const missing = ['no test that passed is called "9.1 row 2: some failed"']
    expect(findRowProblems(SECTIONS, reportOf(...BOTH.slice(0, 1)))).toEqual(missing)
    for (const status of ['failed', 'skipped', 'pending']) {
      const failed = { title: '9.1 row 2: some failed', status }
      expect(findRowProblems(SECTIONS, reportOf(...BOTH.slice(0, 1), failed))).toEqual(missing)
    }
  })

  it.each(['9.1 row 3: more', '9.1 row 1: another text', '9.1 rows 1 and 2: both'])('knows no test "%s"', (title) => {
    expect(findRowProblems(SECTIONS, reportOf(...BOTH, passed(title)))).toEqual([
      `the test "${title}" names a row that is not in packages/core/test/spec-rows`,
    ])
  })

  it('wants numbers in order, each once', () => {
    const [section] = SECTIONS
    const [first] = section.rows
    expect(findRowProblems([{ ...section, rows: [...section.rows, first] }], reportOf(...BOTH))).toEqual([
      'row 9.1.1 is out of order: number the rows of a section 1, 2, 3',
    ])
  })

  it('has rows of every section of commands and files', () => {
    const rows = SPEC_SECTIONS.flatMap((section) => section.rows)
    const tests = rows.map((row) => passed(titleOf(row)))
    expect(findRowProblems(SPEC_SECTIONS, reportOf(...tests))).toEqual([])
    const sections = new Set(rows.map(({ row }) => row.slice(0, row.lastIndexOf('.'))))
    // 3.1 is an index.
    for (let section = 2; section <= 22; section += 1) expect(sections).toContain(`3.${section}`)
  })
})
