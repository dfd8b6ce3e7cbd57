import { spawn } from 'node:child_process'
import { root } from './workspace.ts'

// The crash tests of `npm test` take samples; here every moment is taken, and ten times as many random stories.
const env = { ...process.env, VMUNIT_CRASH: 'all' }
const child = spawn('vitest', ['run', 'packages/core/test/crash', 'examples/test/demo-kill.test.ts'], {
  cwd: root,
  env,
  stdio: 'inherit',
})
child.on('close', (code) => {
  process.exitCode = code ?? 1
})
