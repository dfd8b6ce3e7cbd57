import { isVmunitError } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { guestPath, placeOf } from '../../src/files/place.ts'
import { treeDifference } from '../../src/files/tree-difference.ts'
import { checkTree, manifestLine } from '../../src/files/tree-paths.ts'
import { treeOf } from '../support/tree.ts'

const refused = expect.toSatisfy((error) => isVmunitError(error, 'ERR_INVALID_INPUT'))

describe('paths', () => {
  it.each(['/abs', '../up', 'a/../b', 'a//b', './a', 'a/.', '', 'a\nb', 'a\0b'])('of a tree cannot be %j', (path) => {
    const [file] = treeOf({ a: 'a' }).files
    expect(() => checkTree({ ...treeOf({}), files: [{ ...file!, path }] })).toThrow(refused)
  })

  it.each(['a', 'a/b', '.hidden', '..a', 'a b', '漢字', '-x', '\\', '*'])('of a tree can be %j', (path) => {
    expect(() => checkTree(treeOf({ [path === '*' ? 'x' : path]: 'a' }))).not.toThrow()
  })

  it.each(['relative', '/a/../b', '/', '/a\nb'])('to push to cannot be %j', (path) => {
    expect(() => placeOf(path)).toThrow(refused)
  })

  it('are taken in their shortest form', () => {
    expect(guestPath('//a/./b/')).toBe('/a/b')
    expect(placeOf('/opt/vmunit/definition/')).toEqual({
      to: '/opt/vmunit/definition',
      parent: '/opt/vmunit',
      folder: '.definition.vmunit',
    })
  })

  it('refuses hashes and sizes that are none', () => {
    const tree = treeOf({ a: 'a' })
    const [file] = tree.files
    expect(() => checkTree({ ...tree, hash: 'a b' })).toThrow(refused)
    expect(() => checkTree({ ...tree, files: [{ ...file!, hash: 'abc' }] })).toThrow(refused)
    expect(() => checkTree({ ...tree, files: [{ ...file!, sizeBytes: -1 }] })).toThrow(refused)
  })
})

describe('what is sent', () => {
  const old = treeOf({ same: '1', changed: '2', gone: '3', program: '4', touched: '5', 'dir/file': '6' })
  const next = treeOf({ same: '1', changed: 'other', 'program*': '4', touched: '5', 'dir/file': '6', fresh: '7' })
  const manifest = old.files.map(manifestLine).join('')
  const times = '2026-01-01 10:00:00.1 +0000 2026-01-01 10:00:00.1 +0000'
  const changed = `1 1 ${times} 81a4 ./touched\n2 1 ${times} 81a4 ./touched\n3 1 ${times} 81a4 ./stray file\n4 1 ${times} 41ed ./dir\n`

  it('is what changed, what somebody touched and what is new', () => {
    const { sent, removed } = treeDifference({ manifest, changed }, next.files)
    expect(sent.map((file) => file.path)).toEqual(['changed', 'fresh', 'program', 'touched'])
    expect(removed.toSorted()).toEqual(['changed', 'gone', 'program', 'stray file', 'touched'])
  })

  it('is everything when nothing is there', () => {
    expect(treeDifference({ manifest: '', changed: '' }, next.files)).toEqual({ sent: next.files, removed: [] })
  })
})
