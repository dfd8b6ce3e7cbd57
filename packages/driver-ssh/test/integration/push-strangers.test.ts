import type { Guest } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { rejection } from '../support/rejection.ts'
import { useRoom } from '../support/room.ts'
import { treeOf } from '../support/tree.ts'

const { room, access } = useRoom()
const to = '/srv/data/definition'

async function sh(guest: Guest, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await guest.exec({ argv: ['sh', '-c', script] })
  expect(exitCode, stderr.toString()).toBe(0)
  return stdout.toString()
}

describe('what others have done in a pushed tree', () => {
  it('a directory that became a link is replaced, and what it leads to is not touched', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    const content = { 'conf/one': 'one', 'conf/two': 'two', 'other/three': 'three' }
    await guest.push(treeOf(content), to)
    await sh(guest, `mkdir /etc/mine && cp ${to}/*/* /etc/mine && cd ${to}/ && rm -r conf other`)
    await sh(guest, `cd ${to}/ && ln -s /etc/mine conf && ln -s /etc/mine other`)
    await guest.push(treeOf(content), to)
    expect(await sh(guest, 'ls /etc/mine')).toBe('one\nthree\ntwo\n')
    expect(await sh(guest, `cd ${to}/ && find . -type f | sort`)).toBe('./conf/one\n./conf/two\n./other/three\n')
  })

  it.each([
    ['a line feed in its name', `: > "$(printf 'a\\nb')"`],
    ['a directory with a line feed in its name', `mkdir "$(printf 'a\\nb')"; : > "$(printf 'a\\nb')/c"`],
    ['a name that is not UTF-8', `: > "$(printf 'a\\377b')"`],
    ['a carriage return in its name', `: > "$(printf 'a\\rb')"`],
    ['a directory in the place of a file', 'rm a; mkdir -p a/b; : > a/b/c'],
    ['an empty directory in the place of a file', 'rm a; mkdir a'],
  ])('%s is taken out', async (_what, script) => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    const content = { a: 'one', b: 'two' }
    await guest.push(treeOf(content), to)
    await sh(guest, `cd ${to}/ && ${script}`)
    await guest.push(treeOf(content), to)
    expect(await sh(guest, `cd ${to}/ && find . | sort && cat a b`)).toBe('.\n./a\n./b\nonetwo')
  })

  it('somebody else who owns the folder of the versions, or put a link there, is not served', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    await using other = await access({ username: 'deploy' }).open(target)
    await sh(guest, 'mkdir -p /srv/data /etc/mine && chown deploy /srv/data && : > /etc/mine/v-1')
    await guest.push(treeOf({ a: 'one' }), to)
    await sh(
      other,
      'cd /srv/data && rm definition && mv .definition.vmunit aside && ln -s /etc/mine .definition.vmunit',
    )
    await rejection(guest.push(treeOf({ a: 'two' }), to), 'ERR_CONFLICT')
    expect(await sh(guest, 'ls -A /etc/mine')).toBe('v-1\n')
    await sh(other, 'cd /srv/data && rm .definition.vmunit && mkdir .definition.vmunit')
    await rejection(guest.push(treeOf({ a: 'two' }), to), 'ERR_CONFLICT')
    expect(await sh(guest, 'ls -A /srv/data/.definition.vmunit')).toBe('')
  })
})

it.each(['hash', 'size'] as const)('verified by %s takes names that tools could mistake', async (verify) => {
  const { target } = await room().boot()
  await using guest = await access({ verify }).open(target)
  const names = [
    '-',
    '-n',
    '--help',
    '-d/-c',
    ' a ',
    '\\a',
    'a\\',
    'b\r',
    '\u2028',
    '"',
    "'",
    '~',
    '#',
    '漢字',
    'c'.repeat(255),
  ]
  for (const label of ['first', 'second']) {
    const content = Object.fromEntries(names.map((name) => [name, `${label} ${name}`]))
    await guest.push(treeOf(content), to)
    expect((await sh(guest, `find ${to}/ -type f | wc -l`)).trim()).toBe(String(names.length))
    const again = treeOf(content)
    await guest.push(again, to)
    expect(again.bytesRead()).toBe(0)
  }
})

it('a login shell that says something itself is an error, and no success', async () => {
  const { target } = await room().boot({ sshd: ['ForceCommand echo welcome; exec sh -c "$SSH_ORIGINAL_COMMAND"'] })
  await using guest = await access().open(target)
  const forged = { ...treeOf({ a: 'one' }), read: async function* () {} }
  await rejection(guest.push(forged, to), 'ERR_DRIVER')
})
