import { isVmunitError } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { commandScript, limitedScript } from '../../src/commands/command-script.ts'
import { quote, scriptBytes } from '../../src/commands/quote.ts'
import { seeded } from '../support/seeded.ts'
import { runShell, SHELLS } from '../support/shells.ts'

const random = seeded()

/** Bytes without NUL, with many of those that shells care about. */
function word(): Buffer {
  const special = Buffer.from('\'"\\$`!*?[]{}()<>|&;#~= \t\n\r\u0081\u0088%-')
  const bytes = random.bytes(random.int(40))
  return Buffer.from(
    bytes.map((byte) => (byte === 0 || random.int(2) === 0 ? (special[byte % special.length] ?? 1) : byte)),
  )
}

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('$name', ({ shell }) => {
  it(`gives a program exactly the bytes of its arguments (seed ${random.seed})`, async () => {
    const words = Array.from({ length: 300 }, word)
    const script = commandScript({ argv: ['printf', '%s\\0', ...words] })
    const { stdout, stderr } = await runShell(shell, scriptBytes(script))
    expect(stderr).toBe('')
    expect(stdout.equals(Buffer.concat(words.flatMap((bytes) => [bytes, Buffer.alloc(1)])))).toBe(true)
  })

  it('gives a program its environment as it is', async () => {
    const value = 'it\'s "$HOME" ; `id` \\ \n漢字 '
    const script = commandScript({ argv: ['printenv', 'A_1'], environment: { A_1: value } })
    expect((await runShell(shell, scriptBytes(script))).stdout.toString()).toBe(`${value}\n`)
  })

  it('ends with 127 when the program is missing, with and without a limit', async () => {
    for (const timeoutMs of [undefined, 1_000]) {
      const script = limitedScript({ argv: ['/no/such/program'], timeoutMs })
      expect((await runShell(shell, scriptBytes(script))).exitCode).toBe(127)
    }
  })

  it('becomes the command: no shell stays in between', async () => {
    const script = `echo $$\n${commandScript({ argv: ['sh', '-c', 'echo $$'] })}`
    const [outer, inner] = (await runShell(shell, scriptBytes(script))).stdout.toString().split('\n')
    expect(inner).toBe(outer)
  })
})

describe('what no program can be given', () => {
  const refusals = [
    { argv: ['echo', 'a\0b'] },
    { argv: ['echo', Buffer.from('a\0b')] },
    { argv: ['echo'], environment: { NAME: 'a\0b' } },
    { argv: ['echo'], environment: { 'NAME;id': 'a' } },
    { argv: ['echo'], environment: { '': 'a' } },
    { argv: ['-x'] },
  ] as const
  it.each(refusals)('$argv $environment', (command) => {
    expect(() => commandScript(command)).toThrow(expect.toSatisfy((error) => isVmunitError(error, 'ERR_INVALID_INPUT')))
  })

  it('quote keeps bytes that are no text', () => {
    expect(scriptBytes(quote(Buffer.from([0xff, 0x27, 0x80])))).toEqual(Buffer.from("'\xff'\\''\x80'", 'latin1'))
  })
})
