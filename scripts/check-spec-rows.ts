import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SPEC_SECTIONS } from '../packages/core/test/spec-rows/index.ts'
import { TEST_REPORT } from './checks.ts'
import { findRowProblems, type TestReport } from './spec-rows.ts'
import { root } from './workspace.ts'

const report: TestReport = JSON.parse(readFileSync(join(root, TEST_REPORT), 'utf8'))
const problems = findRowProblems(SPEC_SECTIONS, report)
for (const problem of problems) console.log(problem)
process.exitCode = problems.length === 0 ? 0 : 1
