import assert from 'node:assert/strict'
import type { Guest, Tree } from '../../../ports/index.ts'
import { assertRejectsWithReason } from '../assert-calls.ts'
import { assertRejects } from '../assert-rejects.ts'
import type { GuestLab, GuestRule } from '../guest-lab.ts'
import { promptly } from '../promptly.ts'
import { treeOf, treeWithBadFile } from '../tree-of.ts'
import { output } from './guests.ts'

/** Asserts that the files of a directory are these; `null`: the file is not there. */
async function assertFiles(lab: GuestLab, guest: Guest, files: Readonly<Record<string, string | null>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const argv = lab.commands.readFile(`${lab.scratch}/${path}`)
    if (text === null) assert.notEqual((await guest.exec({ argv })).exitCode, 0, `${path} is still there`)
    else assert.equal((await output(guest, argv)).toString(), text)
  }
}

async function assertKeepsOld(lab: GuestLab, guest: Guest, broken: Tree): Promise<void> {
  const to = `${lab.scratch}/tree`
  const old = treeOf({ 'a.txt': 'old a', 'b.txt': 'old b' })
  await guest.push(old, to)
  await assert.rejects(promptly(lab, guest.push(broken, to)))
  assert.equal(await guest.pushed(to), old.hash)
  await assertFiles(lab, guest, { 'tree/a.txt': 'old a', 'tree/b.txt': 'old b', 'tree/c.txt': null })
}

/** Trees that are put into a guest, and archives that are taken out. */
export const FILE_RULES: readonly GuestRule[] = [
  {
    id: 'GA-050',
    text: 'push puts every file in place, byte for byte, and resolves to the hash of the tree',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const tree = treeOf({ 'a.txt': 'a\r\n', 'deep/er/b.txt': 'b', 'empty.txt': '', 'with blank.txt': '漢字' })
      assert.equal(await guest.push(tree, `${lab.scratch}/tree`), tree.hash)
      await assertFiles(lab, guest, {
        'tree/a.txt': 'a\r\n',
        'tree/deep/er/b.txt': 'b',
        'tree/empty.txt': '',
        'tree/with blank.txt': '漢字',
      })
    },
  },
  {
    id: 'GA-051',
    text: 'push removes files that the tree does not have',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      await guest.push(treeOf({ 'a.txt': 'a', 'b.txt': 'b', 'c/d.txt': 'd' }), `${lab.scratch}/tree`)
      await guest.push(treeOf({ 'a.txt': 'a', c: 'now a file' }), `${lab.scratch}/tree`)
      await assertFiles(lab, guest, {
        'tree/a.txt': 'a',
        'tree/b.txt': null,
        'tree/c/d.txt': null,
        'tree/c': 'now a file',
      })
    },
  },
  {
    id: 'GA-052',
    text: 'push reads only what the guest does not have: nothing when the tree is in place',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const to = `${lab.scratch}/tree`
      const first = treeOf({ 'a.txt': 'a', 'b.txt': 'b' })
      await guest.push(first, to)
      const same = treeOf({ 'a.txt': 'a', 'b.txt': 'b' })
      assert.equal(await guest.push(same, to), first.hash)
      assert.deepEqual([...same.reads.keys()], [])
      const changed = treeOf({ 'a.txt': 'a', 'b.txt': 'other' })
      await guest.push(changed, to)
      assert.deepEqual([...changed.reads.keys()], [changed.files[1]?.hash])
    },
  },
  {
    id: 'GA-053',
    text: 'pushed tells the hash of the tree in place, also in another process, and undefined where none was put',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      await using elsewhere = await (await lab.reopen()).open(lab.target)
      const to = `${lab.scratch}/tree`
      assert.equal(await guest.pushed(to), undefined)
      for (const tree of [treeOf({ 'a.txt': '1' }), treeOf({ 'a.txt': '2' })]) {
        await guest.push(tree, to)
        assert.deepEqual([await guest.pushed(to), await elsewhere.pushed(to)], [tree.hash, tree.hash])
      }
      assert.equal(await guest.pushed(`${lab.scratch}/other`), undefined)
    },
  },
  {
    id: 'GA-054',
    text: 'a push whose bytes end too soon rejects and leaves the old tree in place',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const next = treeOf({ 'a.txt': 'new a', 'b.txt': 'new b', 'c.txt': 'new c' })
      const broken = treeWithBadFile(next, 'b.txt', async function* () {
        yield Buffer.from('new')
        throw new Error('the source broke')
      })
      await assertKeepsOld(lab, guest, broken)
      assert.equal(await guest.push(next, `${lab.scratch}/tree`), next.hash)
      await assertFiles(lab, guest, { 'tree/a.txt': 'new a', 'tree/b.txt': 'new b', 'tree/c.txt': 'new c' })
    },
  },
  {
    id: 'GA-055',
    text: 'a push whose bytes do not have the hash that the tree says rejects and leaves the old tree in place',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const next = treeOf({ 'a.txt': 'new a', 'b.txt': 'new b', 'c.txt': 'new c' })
      const forged = treeWithBadFile(next, 'b.txt', async function* () {
        yield Buffer.from('bad b')
      })
      await assertKeepsOld(lab, guest, forged)
    },
  },
  {
    id: 'GA-056',
    text: 'an abort in the middle of push rejects at once with its reason and leaves the old tree in place',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const to = `${lab.scratch}/tree`
      const old = treeOf({ 'a.txt': 'old a' })
      await guest.push(old, to)
      const stop = new AbortController()
      const reason = new Error('stop push')
      const { promise: never, resolve: release } = Promise.withResolvers<void>()
      const endless = treeWithBadFile(treeOf({ 'a.txt': 'new a' }), 'a.txt', async function* () {
        yield Buffer.from('new')
        stop.abort(reason)
        await never
      })
      try {
        await assertRejectsWithReason(lab, guest.push(endless, to, { signal: stop.signal }), reason)
      } finally {
        release()
      }
      assert.equal(await guest.pushed(to), old.hash)
      await assertFiles(lab, guest, { 'tree/a.txt': 'old a' })
    },
  },
  {
    id: 'GA-057',
    text: 'a file that the tree calls executable runs as a program, another one does not',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const { script } = lab.commands
      await guest.push(treeOf({ program: { program: script }, text: script }), `${lab.scratch}/tree`)
      assert.equal((await output(guest, [`${lab.scratch}/tree/program`])).toString(), 'ran\n')
      assert.notEqual((await guest.exec({ argv: [`${lab.scratch}/tree/text`] })).exitCode, 0)
    },
  },
  {
    id: 'GA-058',
    text: 'pull gives a tar archive of files and directories',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      await guest.push(treeOf({ 'a.txt': 'content of a', 'deep/b.txt': 'content of b' }), `${lab.scratch}/tree`)
      const archive = Buffer.concat(await Array.fromAsync(guest.pull([`${lab.scratch}/tree`], 10_000_000)))
      assert.equal(archive.length % 512, 0)
      assert.equal(archive.subarray(257, 262).toString(), 'ustar')
      for (const part of ['a.txt', 'content of a', 'deep/b.txt', 'content of b']) {
        assert.ok(archive.includes(part), `the archive lacks ${part}`)
      }
    },
  },
  {
    id: 'GA-059',
    text: 'pull rejects with ERR_CONFLICT rather than give more than maxBytes',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      await guest.push(treeOf({ 'big.txt': 'x'.repeat(100_000) }), `${lab.scratch}/tree`)
      await assertRejects(Array.fromAsync(guest.pull([`${lab.scratch}/tree`], 50_000)), 'ERR_CONFLICT')
    },
  },
  {
    id: 'GA-060',
    text: 'a file of the guest that somebody changed, to the same size, is repaired by a push of the same tree and of the next',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const to = `${lab.scratch}/tree`
      const first = { 'a.txt': 'first\n', 'b.txt': 'right\n' }
      await guest.push(treeOf(first), to)
      for (const files of [first, { ...first, 'a.txt': 'other\n' }]) {
        await output(guest, lab.commands.overwriteFile(`${to}/b.txt`, 'wrong'))
        await assertFiles(lab, guest, { 'tree/b.txt': 'wrong\n' })
        const tree = treeOf(files)
        assert.equal(await guest.push(tree, to), tree.hash)
        await assertFiles(lab, guest, { 'tree/a.txt': files['a.txt'], 'tree/b.txt': 'right\n' })
      }
    },
  },
]
