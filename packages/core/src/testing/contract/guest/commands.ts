import assert from 'node:assert/strict'
import { isVmunitError } from '../../../errors/index.ts'
import { freshOperationId } from '../fresh.ts'
import type { GuestRule } from '../guest-lab.ts'
import { promptly } from '../promptly.ts'
import { treeOf } from '../tree-of.ts'
import { countMarks, output, textOf } from './guests.ts'

/** Commands that are run and waited for. */
export const COMMAND_RULES: readonly GuestRule[] = [
  {
    id: 'GA-010',
    text: 'exec resolves with the exit code, also when it is not 0',
    since: '0.1.0',
    async run({ access, target, commands }) {
      await using guest = await access.open(target)
      assert.equal((await guest.exec({ argv: commands.succeed })).exitCode, 0)
      assert.equal((await guest.exec({ argv: commands.fail.argv })).exitCode, commands.fail.exitCode)
      assert.equal((await guest.exec({ argv: ['/no/such/program'] })).exitCode, 127)
    },
  },
  {
    id: 'GA-011',
    text: 'exec keeps standard output and standard error apart',
    since: '0.1.0',
    async run({ access, target, commands, scratch }) {
      await using guest = await access.open(target)
      const good = await guest.exec({ argv: commands.print('words') })
      assert.equal(textOf(good), 'words\n')
      assert.equal(good.stderr.length, 0)
      const bad = await guest.exec({ argv: commands.readFile(`${scratch}/missing`) })
      assert.notEqual(bad.exitCode, 0)
      assert.equal(bad.stdout.length, 0)
      assert.ok(bad.stderr.length > 0, 'nothing on standard error')
    },
  },
  {
    id: 'GA-012',
    text: 'arguments reach the program as they are: no shell interprets them',
    since: '0.1.0',
    async run({ access, target, commands }) {
      await using guest = await access.open(target)
      const words = [
        'a  b',
        '$HOME',
        '`id`',
        '$(id)',
        '*',
        ';',
        '&&',
        '|',
        '>x',
        "it's",
        '"',
        '\\',
        '',
        '漢字',
        '\n',
        '-',
      ]
      assert.equal((await output(guest, commands.print(...words))).toString(), `${words.join(' ')}\n`)
    },
  },
  {
    id: 'GA-013',
    text: 'an argument may be bytes, and reaches the program as they are',
    since: '0.1.0',
    async run({ access, target, commands }) {
      await using guest = await access.open(target)
      const [program, ...words] = commands.print()
      const { stdout } = await guest.exec({ argv: [program, ...words, Buffer.from('text $x')] })
      assert.equal(Buffer.from(stdout).toString(), 'text $x\n')
    },
  },
  {
    id: 'GA-014',
    text: 'NUL in an argument or in the environment is refused before anything runs',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const mark = await lab.commands.leaveMark(0)
      const commands = [
        { argv: [...mark, 'a\0b'] as const },
        { argv: [...mark, Buffer.from('a\0b')] as const },
        { argv: mark, environment: { NAME: 'a\0b' } },
      ]
      for (const command of commands) {
        for (const begin of [() => guest.exec(command), () => guest.startJob(freshOperationId(), command)]) {
          const isRefusal = (error: unknown): boolean =>
            error instanceof TypeError || isVmunitError(error, 'ERR_INVALID_INPUT')
          await assert.rejects(begin(), isRefusal)
        }
      }
      assert.equal(await countMarks(lab, guest), 0)
    },
  },
  {
    id: 'GA-015',
    text: 'the environment of a command reaches the program as it is',
    since: '0.1.0',
    async run({ access, target, commands }) {
      await using guest = await access.open(target)
      const value = `it's "$HOME" ; \`id\` \\`
      const result = await guest.exec({ argv: commands.printEnvironment('CONTRACT'), environment: { CONTRACT: value } })
      assert.equal(textOf(result), `${value}\n`)
    },
  },
  {
    id: 'GA-016',
    text: 'output is bytes, untouched',
    since: '0.1.0',
    async run({ access, target, commands, scratch }) {
      await using guest = await access.open(target)
      const bytes = Buffer.concat([
        Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
        Buffer.from('\r\n\n\r'),
      ])
      await guest.push(treeOf({ bytes }), `${scratch}/tree`)
      assert.deepEqual(await output(guest, commands.readFile(`${scratch}/tree/bytes`)), bytes)
    },
  },
  {
    id: 'GA-017',
    text: 'of long output head and tail are kept, and the rest is counted',
    since: '0.1.0',
    async run({ access, target, commands, scratch }) {
      await using guest = await access.open(target)
      const text = Array.from({ length: 400_000 }, (_, line) => `${line}\n`).join('')
      await guest.push(treeOf({ text }), `${scratch}/tree`)
      const result = await guest.exec({ argv: commands.readFile(`${scratch}/tree/text`) })
      assert.equal(result.stdout.length + result.droppedBytes, text.length)
      assert.ok(textOf(result).startsWith('0\n1\n'), 'the head is missing')
      assert.ok(textOf(result).endsWith('\n399999\n'), 'the tail is missing')
    },
  },
  {
    id: 'GA-018',
    text: 'a command that runs longer than its limit is ended, and exec resolves with an exit code other than 0',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const slow = { argv: lab.commands.sleep(600_000), timeoutMs: 50 }
      assert.notEqual((await promptly(lab, guest.exec(slow))).exitCode, 0)
    },
  },
  {
    id: 'GA-019',
    text: 'twenty commands at the same time each get their own output',
    since: '0.1.0',
    async run({ access, target, commands }) {
      await using guest = await access.open(target)
      const words = Array.from({ length: 20 }, (_, index) => `word-${index}`)
      const results = await Promise.all(words.map((word) => output(guest, commands.print(word))))
      assert.deepEqual(
        results.map(String),
        words.map((word) => `${word}\n`),
      )
    },
  },
]
