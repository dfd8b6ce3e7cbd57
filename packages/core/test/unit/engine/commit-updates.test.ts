import { describe, expect, it } from 'vitest'
import { commitUpdates } from '../../../src/engine/commit-updates.ts'
import { VmunitError } from '../../../src/errors/index.ts'
import type { Commit, StateStore } from '../../../src/ports/index.ts'
import { openSqliteStore } from '../../../src/sqlite-store/index.ts'

const add = (key: string) => ({ key, update: (value: unknown) => Number(value ?? 0) + 1 })

/** A store in which somebody else writes directly before the first commits. */
function disturbed(store: StateStore, times: number): StateStore & { readonly commits: Commit[] } {
  const commits: Commit[] = []
  return Object.assign(Object.create(store) as StateStore, {
    commits,
    get: (...given: Parameters<StateStore['get']>) => store.get(...given),
    async commit(batch: Commit) {
      commits.push(batch)
      if (commits.length <= times) await commitUpdates(store, { updates: [add('a')] })
      await store.commit(batch)
    },
  })
}

describe('commitUpdates', () => {
  it('applies updates in order, several to one document', async () => {
    await using store = openSqliteStore(':memory:')
    const append = (text: string) => ({
      key: 'k',
      update: (value: unknown) => `${typeof value === 'string' ? value : ''}${text}`,
    })
    await commitUpdates(store, { updates: [append('a'), append('b'), add('n'), append('c')] })
    const stored = await store.get(['k', 'n'])
    expect(stored.map((document) => document?.value)).toEqual(['abc', 1])
    expect(stored.map((document) => document?.revision)).toEqual([1, 1])
  })

  it('reads again when somebody else was faster, so that no update is lost', async () => {
    await using store = openSqliteStore(':memory:')
    await Promise.all(Array.from({ length: 20 }, () => commitUpdates(store, { updates: [add('a')] })))
    expect((await store.get(['a']))[0]?.value).toBe(20)
    const other = disturbed(store, 3)
    await commitUpdates(other, { updates: [add('a')] })
    expect(other.commits).toHaveLength(4)
    expect((await store.get(['a']))[0]?.value).toBe(24)
  })

  it('gives up after a while', async () => {
    await using store = openSqliteStore(':memory:')
    const other = disturbed(store, Number.POSITIVE_INFINITY)
    await expect(commitUpdates(other, { updates: [add('a')] })).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    expect(other.commits).toHaveLength(50)
  })

  it('changes nothing when an update throws', async () => {
    await using store = openSqliteStore(':memory:')
    const refuse = {
      key: 'b',
      update: (): never => {
        throw new VmunitError('ERR_ALREADY_EXISTS', 'no')
      },
    }
    await expect(commitUpdates(store, { updates: [add('a'), refuse] })).rejects.toMatchObject({
      code: 'ERR_ALREADY_EXISTS',
    })
    expect(await store.get(['a', 'b'])).toEqual([undefined, undefined])
  })

  it('does not repeat a conflict of the journal: another owner wrote there', async () => {
    await using store = openSqliteStore(':memory:')
    const append = [{ run: 'r', seq: 1, type: 'x', data: {} }]
    await commitUpdates(store, { updates: [], append })
    let updates = 0
    const counted = { key: 'a', update: () => (updates += 1) }
    await expect(commitUpdates(store, { updates: [counted], append })).rejects.toMatchObject({ name: 'VmunitError' })
    expect(updates).toBe(1)
    expect(await store.get(['a'])).toEqual([undefined])
  })

  it('removes a document, and leaves one alone that was never there', async () => {
    await using store = openSqliteStore(':memory:')
    await commitUpdates(store, { updates: [add('a')] })
    const remove = (key: string) => ({ key, update: () => undefined })
    await commitUpdates(store, { updates: [remove('a'), remove('never')] })
    expect(await store.get(['a', 'never'])).toEqual([undefined, undefined])
  })
})
