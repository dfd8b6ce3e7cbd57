import type { SpecSection } from '../packages/core/test/spec-rows/index.ts'
import { type SpecRow, titleOf } from '../packages/core/test/spec-rows/spec-row.ts'

/** A test as vitest's report tells it. */
export interface ReportedTest {
  readonly title: string
  readonly status: string
}

/** The report that vitest's JSON reporter writes, as much of it as is read here. */
export interface TestReport {
  readonly testResults: readonly { readonly assertionResults: readonly ReportedTest[] }[]
}

/** How a test is called that is about a row, whether there is that row or not. */
const NAMES_A_ROW = /^\d+(?:\.\d+)+ rows? \d/

/**
 * What is wrong between the rows of the specification and the tests: rows without a passed test that bears their
 * title, tests that name rows which there are not, and numbers that are not 1, 2, 3 within their section.
 */
export function findRowProblems(sections: readonly SpecSection[], { testResults }: TestReport): readonly string[] {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const rows = sections.flatMap((section) => section.rows)
  const titles = rows.map(titleOf)
  const passed = tests.filter(({ status }) => status === 'passed').map(({ title }) => title)
  const untested = titles.filter((title) => !passed.some((test) => test.startsWith(title)))
  const strays = tests.filter(
    ({ title }) => NAMES_A_ROW.test(title) && !titles.some((known) => title.startsWith(known)),
  )
  return [
    ...misnumbered(rows).map(({ row }) => `row ${row} is out of order: number the rows of a section 1, 2, 3`),
    ...untested.map((title) => `no test that passed is called "${title}"`),
    ...strays.map(({ title }) => `the test "${title}" names a row that is not in packages/core/test/spec-rows`),
  ]
}

/** Every row but those that stand where their number says. */
function misnumbered(rows: readonly SpecRow[]): readonly SpecRow[] {
  const seen = new Map<string, number>()
  return rows.filter(({ row }) => {
    const at = row.lastIndexOf('.')
    const section = row.slice(0, at)
    const expected = (seen.get(section) ?? 0) + 1
    seen.set(section, expected)
    return row.slice(at + 1) !== String(expected)
  })
}
