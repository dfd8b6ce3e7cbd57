import { expect, it } from 'vitest'
import { createPidLine } from '../../src/commands/pid-line.ts'

it.each([
  { chunks: ['vmunit-pid 42\n', 'after'], rest: 'after' },
  { chunks: ['vmunit', '-pid 4', '2\nafter'], rest: 'after' },
  { chunks: ['a warning of the login shell\nvmunit-pid 42\nafter\n'], rest: 'a warning of the login shell\nafter\n' },
])('takes the line out of $chunks', async ({ chunks, rest }) => {
  const line = createPidLine()
  const kept = chunks.map((chunk) => line.take(Buffer.from(chunk)))
  expect(Buffer.concat([...kept, line.rest()]).toString()).toBe(rest)
  expect(await line.pid).toBe(42)
})

it('gives back what it held when the line never came', () => {
  const line = createPidLine()
  expect(line.take(Buffer.from('This account is not available.\n')).length).toBe(0)
  expect(line.rest().toString()).toBe('This account is not available.\n')
})
