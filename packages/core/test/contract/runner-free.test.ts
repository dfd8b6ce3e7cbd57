import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { BALANCER_RULES } from '../../src/testing/index.ts'

it('runs under node:test as it does under vitest', async () => {
  const file = fileURLToPath(new URL('./labs/balancer-on-node-test.ts', import.meta.url))
  const argv = ['--conditions=@vmunit/source', '--test-reporter=tap', file]
  const { stdout } = await promisify(execFile)(process.execPath, argv)
  expect(stdout).toContain(`# pass ${BALANCER_RULES.length}\n`)
  expect(stdout).toContain('# fail 0\n')
})
