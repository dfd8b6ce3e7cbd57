import { findLayoutProblems } from './layout.ts'
import { root } from './workspace.ts'

const problems = findLayoutProblems(root)
for (const { file, message } of problems) console.log(`${file}: ${message}`)
process.exitCode = problems.length === 0 ? 0 : 1
