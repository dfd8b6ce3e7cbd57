import { expect, it } from 'vitest'
import { processes } from '../support/processes.ts'
import { useRoom } from '../support/room.ts'
import { treeOf } from '../support/tree.ts'
import { until } from '../support/until.ts'

const { room, access } = useRoom()
const to = '/srv/application'

/** Passes so many times, then throws; counts how often it was asked. */
function passes(times: number): { readonly permit: () => void; readonly refusal: Error; readonly asked: () => number } {
  const refusal = new Error(`not permitted after ${times} times`)
  let asked = 0
  return {
    refusal,
    asked: () => asked,
    permit() {
      asked += 1
      if (asked > times) throw refusal
    },
  }
}

it('what is permitted is done: a command, a job and its end, a tree', async () => {
  const { id, target } = await room().boot()
  await using guest = await access().open(target)
  const { permit, asked } = passes(Number.POSITIVE_INFINITY)
  const { stdout } = await guest.exec({ argv: ['printf', '%s', 'word "$0"'] }, { permit })
  expect(stdout.toString()).toBe('word "$0"')
  await guest.startJob('job/1', { argv: ['sleep', '611'] }, { permit })
  expect((await guest.job('job/1')).state).toBe('busy')
  await guest.stopJob('job/1', { permit })
  await until(
    () => processes(room().host, id, 'sleep 611'),
    (seen) => seen === '',
  )
  expect(asked()).toBe(3)
  for (const label of ['first', 'second']) {
    const tree = treeOf({ a: label, 'b/c': 'x'.repeat(300_000) })
    expect(await guest.push(tree, to, { permit })).toBe(tree.hash)
    expect((await guest.exec({ argv: ['cat', `${to}/a`] })).stdout.toString()).toBe(label)
  }
})

it('a look asks nobody', async () => {
  const { target } = await room().boot()
  await using guest = await access().open(target)
  const { permit } = passes(0)
  await guest.bootId({ permit })
  expect(await guest.job('job/1', { permit })).toEqual({ state: 'absent' })
  expect(await guest.pushed(to, { permit })).toBeUndefined()
  await Array.fromAsync(guest.pull(['/etc/hostname'], 1_000_000, { permit }))
})

it('a permission that is lost while a job waits for room on the connection starts nothing', async () => {
  const { id, target } = await room().boot()
  await using guest = await access({ maxChannels: 1 }).open(target)
  const { permit, refusal, asked } = passes(0)
  const before = guest.exec({ argv: ['sleep', '612'], timeoutMs: 1_000 })
  await until(
    () => processes(room().host, id, 'sleep 612'),
    (seen) => seen !== '',
  )
  const started = guest.startJob('job/1', { argv: ['true'] }, { permit })
  started.catch(() => {})
  expect(asked()).toBe(0)
  await before
  await expect(started).rejects.toBe(refusal)
  expect(await guest.job('job/1')).toEqual({ state: 'absent' })
})

it('a permission that is lost in the middle of a push, at whatever moment, leaves the old tree in place', async () => {
  const { id, target } = await room().boot()
  await using guest = await access().open(target)
  const old = treeOf({ a: 'old' })
  const next = treeOf({ a: 'new', ...Object.fromEntries([1, 2, 3].map((n) => [`b${n}`, `${n}`.repeat(300_000)])) })
  await guest.push(old, to)
  let times = 0
  for (; ; times += 1) {
    const { permit, refusal, asked } = passes(times)
    const outcome = await guest.push(next, to, { permit }).catch((error: unknown) => error)
    if (outcome === next.hash) {
      expect(asked()).toBe(times)
      break
    }
    expect(outcome).toBe(refusal)
    // The script in the guest is gone before anything is concluded.
    await until(
      () => processes(room().host, id, 'sh -c'),
      (seen) => seen === '',
    )
    expect(await guest.pushed(to)).toBe(old.hash)
    expect((await guest.exec({ argv: ['cat', `${to}/a`] })).stdout.toString()).toBe('old')
  }
  // The script, the lists, and the archive in several pieces.
  expect(times).toBeGreaterThan(4)
  expect(await guest.pushed(to)).toBe(next.hash)
})

it('what is aborted before its script has left never begins', async () => {
  const { target } = await room().boot()
  await using guest = await access().open(target)
  for (let round = 0; round < 10; round += 1) {
    const stop = new AbortController()
    const options = { signal: stop.signal, permit: () => {} }
    const running = guest.exec({ argv: ['touch', '/root/began'] }, options)
    // The channel is asked for by now, and the server has not answered yet.
    setImmediate(() => stop.abort(new Error('stop')))
    await expect(running).rejects.toThrow('stop')
    await guest.exec({ argv: ['true'] })
  }
  expect((await guest.exec({ argv: ['ls', '/root/began'] })).exitCode).not.toBe(0)
})
