import type { Guest, Tree } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { processes } from '../support/processes.ts'
import { rejection } from '../support/rejection.ts'
import { useRoom } from '../support/room.ts'
import { seeded } from '../support/seeded.ts'
import { treeOf } from '../support/tree.ts'
import { until } from '../support/until.ts'

const { room, access } = useRoom()
const to = '/srv/data/definition'

/** What is in a directory of a guest: path and content of every file. */
async function contentOf(guest: Guest, directory: string = to): Promise<Record<string, string>> {
  const list = await guest.exec({ argv: ['sh', '-c', `cd ${directory} && find . -type f | sort`] })
  const content: Record<string, string> = {}
  for (const path of list.stdout.toString().split('\n').filter(Boolean)) {
    const { stdout } = await guest.exec({ argv: ['cat', `${directory}/${path}`] })
    content[path.slice(2)] = stdout.toString()
  }
  return content
}

const sh = async (guest: Guest, script: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await guest.exec({ argv: ['sh', '-c', script] })
  expect(exitCode, stderr.toString()).toBe(0)
  return stdout.toString()
}

describe('push', () => {
  it.each(['hash', 'size'] as const)('verified by %s refuses bytes that are not those of the tree', async (verify) => {
    const { target } = await room().boot()
    await using guest = await access({ verify }).open(target)
    const old = treeOf({ a: 'old' })
    await guest.push(old, to)
    const next = treeOf({ a: 'new', b: 'more' })
    for (const bytes of ['nEw', 'longer', 'n', '']) {
      const forged: Tree = {
        ...next,
        async *read(hash) {
          yield* hash === next.files[0]?.hash ? [Buffer.from(bytes)] : next.read(hash)
        },
      }
      expect((await rejection(guest.push(forged, to), 'ERR_CONFLICT')).message).toContain('a')
      expect(await guest.pushed(to)).toBe(old.hash)
      expect(await contentOf(guest)).toEqual({ a: 'old' })
    }
    await guest.push(next, to)
    expect(await contentOf(guest)).toEqual({ a: 'new', b: 'more' })
  })

  it.each(['hash', 'size'] as const)(
    'verified by %s refuses a wrong file of the first group of many',
    async (verify) => {
      const { target } = await room().boot()
      await using guest = await access({ verify }).open(target)
      const files = Array.from({ length: 30 }, (_, file) => [`f${file + 10}`, Buffer.alloc(1_000_000, file)])
      const tree = treeOf(Object.fromEntries(files))
      const forged: Tree = {
        ...tree,
        async *read(hash) {
          yield* hash === tree.files[2]?.hash ? [Buffer.alloc(1_000_000, 77)] : tree.read(hash)
        },
      }
      await rejection(guest.push(forged, to), 'ERR_CONFLICT')
      expect(await guest.pushed(to)).toBeUndefined()
      expect(await guest.push(tree, to)).toBe(tree.hash)
      const again = treeOf(Object.fromEntries(files))
      await guest.push(again, to)
      expect(again.bytesRead()).toBe(0)
    },
  )

  it.each(['hash', 'size'] as const)(
    'by %s repairs what somebody has changed, and reads nothing else',
    async (verify) => {
      const { target } = await room().boot()
      await using guest = await access({ verify }).open(target)
      const content = { a: 'content of a', b: 'content of b', 'c/d': 'content of d', 'run*': '#!/bin/sh\n' }
      const tree = treeOf(content)
      await guest.push(tree, to)
      const damages = [
        { script: 'printf "content of x" > a', read: 12 },
        { script: 'touch -r a /tmp/time && printf "content of y" > a && touch -r /tmp/time a', read: 12 },
        { script: 'rm c/d', read: 12 },
        { script: 'rmdir c 2>/dev/null; echo stray > stray; mkdir -p left/behind; ln -s a link', read: 0 },
        { script: 'chmod 600 b', read: 12 },
        { script: 'mv b b2; cp b2 b', read: 12 },
        { script: 'chmod -x run', read: 10 },
      ]
      for (const { script, read } of damages) {
        await sh(guest, `cd ${to}/ && ${script}`)
        const again = treeOf(content)
        await guest.push(again, to)
        expect([script, again.bytesRead()]).toEqual([script, read])
        expect(await sh(guest, `cd ${to}/ && find . | sort`)).toBe('.\n./a\n./b\n./c\n./c/d\n./run\n')
        expect(await contentOf(guest)).toMatchObject({ a: content.a, b: content.b, 'c/d': content['c/d'] })
        expect(await sh(guest, `cd ${to}/ && stat -c %a b run`)).toBe('644\n755\n')
        const same = treeOf(content)
        await guest.push(same, to)
        expect(same.bytesRead()).toBe(0)
      }
    },
  )

  it('never shows a mixed directory, whenever the line is cut, and comes through when it is repeated', async () => {
    const random = seeded()
    const { id, target } = await room().boot()
    const big = (label: string): Tree =>
      treeOf(
        Object.fromEntries(Array.from({ length: 40 }, (_, file) => [`f${file}`, `${label} ${file} `.repeat(6_000)])),
      )
    const labels = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight']
    let present: string | undefined
    for (const label of labels) {
      const cutAt = random.int(120)
      const guest = await access().open(target)
      const pushing = guest.push(big(label), to).then(
        () => true,
        () => false,
      )
      await new Promise((resolve) => setTimeout(resolve, cutAt))
      await room().host.unplug(id)
      await pushing
      await room().host.replug(id)
      await guest.close()
      await using again = await access().open(target)
      const seen = await contentOf(again).catch(() => ({}))
      const words = new Set(Object.values(seen).map((text) => text.split(' ')[0]))
      expect(words.size, `seed ${random.seed}`).toBeLessThanOrEqual(1)
      expect(Object.keys(seen).length, `seed ${random.seed}`).toBe(words.size === 0 ? 0 : 40)
      if (present !== undefined) expect([present, label], `seed ${random.seed}`).toContain([...words][0])
      await again.push(big(label), to)
      expect(new Set(Object.values(await contentOf(again)).map((text) => text.split(' ')[0]))).toEqual(new Set([label]))
      present = label
    }
    await using guest = await access().open(target)
    expect((await sh(guest, 'ls -d /srv/data/.definition.vmunit/v-*/ | wc -l')).trim()).toBe('1')
  }, 120_000)

  it('of two at the same time lets one after the other in', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    await using other = await access().open(target)
    for (let round = 0; round < 5; round += 1) {
      const trees = Array.from({ length: 4 }, (_, index) => treeOf({ a: `${round} ${index}`, b: `${round} ${index}` }))
      await Promise.all(trees.map((tree, index) => (index % 2 === 0 ? guest : other).push(tree, to)))
      const { a, b } = await contentOf(guest)
      expect(a).toBe(b)
      expect(trees.map((tree) => tree.hash)).toContain(await guest.pushed(to))
    }
    expect(await sh(guest, 'ls /srv/data/.definition.vmunit | grep -c -e ticket -e choosing || true')).toBe('0\n')
  })

  it('is not kept waiting by one that died with the guest', async () => {
    const { id, target } = await room().boot()
    const never = treeOf({ a: 'never comes' })
    const stuck: Tree = {
      ...never,
      async *read() {
        yield Buffer.from('never')
        await new Promise(() => {})
      },
    }
    const guest = await access().open(target)
    const pushing = rejection(guest.push(stuck, to), 'ERR_UNAVAILABLE')
    await using other = await access().open(target)
    await waitForStaging(other)
    await room().host.reboot(id)
    await pushing
    await using again = await access().open(target)
    await again.push(treeOf({ a: 'comes' }), to)
    expect(await contentOf(again)).toEqual({ a: 'comes' })
    await guest.close()
  })

  it('takes the place of one that receives nothing any more', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    const never = treeOf({ a: 'never comes' })
    const stuck: Tree = {
      ...never,
      async *read() {
        yield Buffer.from('never')
        await new Promise(() => {})
      },
    }
    const first = rejection(guest.push(stuck, to), 'ERR_CONFLICT')
    await waitForStaging(guest)
    await guest.push(treeOf({ a: 'comes' }), to)
    expect((await first).retryable).toBe(true)
    expect(await contentOf(guest)).toEqual({ a: 'comes' })
  }, 90_000)

  it('moves a directory that was there before aside, and refuses what is no directory', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    await sh(guest, `mkdir -p ${to}; echo mine > ${to}/mine`)
    await guest.push(treeOf({ a: 'a' }), to)
    expect(await contentOf(guest)).toEqual({ a: 'a' })
    expect(await contentOf(guest, `${to}.before-vmunit`)).toEqual({ mine: 'mine\n' })
    await sh(guest, 'echo x > /srv/data/file; ln -s /etc /srv/data/link')
    for (const path of ['/srv/data/file', '/srv/data/link']) {
      await rejection(guest.push(treeOf({ a: 'a' }), path), 'ERR_CONFLICT')
      expect(await guest.pushed(path)).toBeUndefined()
    }
    expect(await sh(guest, 'cat /srv/data/file; ls -d /etc/passwd')).toBe('x\n/etc/passwd\n')
  })

  it('takes names as they are, and empty trees', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    const content = {
      '-x': '1',
      'with  blanks ': '2',
      "it's": '3',
      '漢字/$HOME': '4',
      '\\n': '5',
      '..a': '6',
      [`${'n'.repeat(120)}/x`]: '7',
    }
    const place = "/srv/it's a place"
    await guest.push(treeOf(content), place)
    expect(
      await sh(
        guest,
        `cat "${place}/-x" "${place}/with  blanks " "${place}/it's" "${place}/漢字/\\$HOME" "${place}/\\\\n" "${place}/..a" "${place}"/nn*/x`,
      ),
    ).toBe('1234567')
    await guest.push(treeOf({ '-x': '1' }), place)
    await guest.push(treeOf({}), place)
    expect(await sh(guest, `ls -A "${place}/"`)).toBe('')
  })

  it('sends less than a hundredth when nothing has changed', async () => {
    const random = seeded()
    const { target } = await room().boot()
    await using guest = await access().open(target)
    const content = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`d${index % 7}/f${index}`, random.bytes(5_000)]),
    )
    const tree = treeOf(content)
    const seen: number[] = []
    await guest.push(tree, to, { onProgress: (fraction) => void seen.push(fraction) })
    expect(seen.at(-1)).toBe(1)
    const again = treeOf(content)
    await guest.push(again, to)
    expect(again.bytesRead()).toBe(0)
    const changed = treeOf({ ...content, 'd0/f0': 'other' })
    await guest.push(changed, to)
    expect(changed.bytesRead()).toBe(5)
  })

  async function waitForStaging(guest: Guest): Promise<void> {
    for (;;) {
      const { exitCode } = await guest.exec({ argv: ['sh', '-c', 'ls /srv/data/.definition.vmunit/receiving.*'] })
      if (exitCode === 0) return
    }
  }
})

describe('pull', () => {
  it('follows the links that it is given, and no others', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    await sh(
      guest,
      'mkdir -p /srv/logs/real; echo one > /srv/logs/real/a.log; ln -s real /srv/logs/current; ln -s real/a.log /srv/logs/latest',
    )
    const archive = async (...paths: string[]): Promise<string> =>
      Buffer.concat(await Array.fromAsync(guest.pull(paths, 1_000_000))).toString('latin1')
    expect(await archive('/srv/logs/current')).toContain('one\n')
    expect(await archive('/srv/logs/latest')).toContain('one\n')
    expect(await archive('/srv/logs/real', '/etc/passwd')).toContain('root:')
  })

  it('ends in the guest when the reader has had enough', async () => {
    const { id, target } = await room().boot()
    await using guest = await access().open(target)
    await sh(guest, 'dd if=/dev/zero of=/srv/large bs=1M count=64 2>/dev/null')
    for await (const chunk of guest.pull(['/srv/large'], 1e9)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await until(
      () => processes(room().host, id, 'tar -cf'),
      (seen) => seen === '',
    )
    const stop = new AbortController()
    const pulling = async (): Promise<void> => {
      for await (const chunk of guest.pull(['/srv/large'], 1e9, { signal: stop.signal })) {
        if (chunk.length > 0) stop.abort(new Error('enough'))
      }
    }
    await expect(pulling()).rejects.toThrow('enough')
    const whole = await Array.fromAsync(guest.pull(['/srv/large'], 1e9))
    expect(whole.reduce((sum, chunk) => sum + chunk.length, 0)).toBeGreaterThan(64 * 1024 ** 2)
  })

  it('names what is not there, and refuses paths that are not absolute', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    const error = await rejection(Array.fromAsync(guest.pull(['/etc/passwd', '/no/such'], 1e6)), 'ERR_NOT_FOUND')
    expect(error.message).toContain('/no/such')
    await rejection(Array.fromAsync(guest.pull(['etc'], 1e6)), 'ERR_INVALID_INPUT')
    await rejection(Array.fromAsync(guest.pull(['/etc/../root'], 1e6)), 'ERR_INVALID_INPUT')
  })
})
