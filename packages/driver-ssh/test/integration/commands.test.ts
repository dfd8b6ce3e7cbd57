import { describe, expect, it } from 'vitest'
import { KEPT_BYTES } from '../../src/commands/output-cap.ts'
import { processes } from '../support/processes.ts'
import { rejection } from '../support/rejection.ts'
import { useRoom } from '../support/room.ts'
import { seeded } from '../support/seeded.ts'
import { until } from '../support/until.ts'

const { room, access } = useRoom()

describe('a command', () => {
  it('that floods its output costs no memory, and what is dropped is counted', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    const gigabyte = 1024 ** 3
    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss)
    }, 20)
    const { exitCode, stdout, droppedBytes } = await guest.exec({
      argv: ['sh', '-c', 'echo begin; dd if=/dev/zero bs=65536 count=16384 2>/dev/null; echo end'],
    })
    clearInterval(watch)
    expect(exitCode).toBe(0)
    expect(stdout.length).toBe(2 * KEPT_BYTES)
    expect(droppedBytes).toBe(gigabyte + 'begin\nend\n'.length - 2 * KEPT_BYTES)
    expect(Buffer.from(stdout).subarray(0, 6).toString()).toBe('begin\n')
    expect(Buffer.from(stdout).subarray(-4).toString()).toBe('end\n')
    expect(most - before).toBeLessThan(150 * 1024 ** 2)
  }, 120_000)

  it('that floods for ever ends at its limit', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    const { exitCode, droppedBytes } = await guest.exec({ argv: ['sh', '-c', 'yes; yes >&2'], timeoutMs: 300 })
    expect(exitCode).toBe(124)
    expect(droppedBytes).toBeGreaterThan(0)
    expect((await guest.exec({ argv: ['true'] })).exitCode).toBe(0)
  })

  it('that runs into its limit is ended with all that it started', async () => {
    const { id, target } = await room().boot()
    await using guest = await access().open(target)
    const { exitCode } = await guest.exec({ argv: ['sh', '-c', 'trap "" TERM; sleep 602 & sleep 602'], timeoutMs: 200 })
    expect(exitCode).toBe(124)
    const sleepers = (): Promise<string> => processes(room().host, id, 'sleep 602')
    await until(sleepers, (seen) => seen === '')
  })

  it('has a limit that holds in a guest that has lost us', async () => {
    const { id, target } = await room().boot()
    const guest = await access().open(target)
    const running = rejection(guest.exec({ argv: ['sleep', '603'], timeoutMs: 3_000 }), 'ERR_UNAVAILABLE')
    const sleepers = (): Promise<string> => processes(room().host, id, 'sleep 603')
    await until(sleepers, (seen) => seen !== '')
    await room().host.unplug(id)
    await running
    await until(sleepers, (seen) => seen === '')
    await room().host.replug(id)
  })

  it('that ends by a signal has 128 and its number as exit code', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    expect((await guest.exec({ argv: ['sh', '-c', 'kill -TERM $$'] })).exitCode).toBe(143)
    expect((await guest.exec({ argv: ['sh', '-c', 'kill -KILL $$'] })).exitCode).toBe(137)
  })

  it('that leaves a service behind is over when it ends, and the service lives on', async () => {
    const { id, target } = await room().boot()
    await using guest = await access().open(target)
    const { exitCode, stdout } = await guest.exec({ argv: ['sh', '-c', 'sleep 604 & echo started'] })
    expect([exitCode, stdout.toString()]).toEqual([0, 'started\n'])
    expect(await processes(room().host, id, 'sleep 604')).not.toBe('')
  })

  it('may be longer than a command line', async () => {
    const random = seeded()
    const { target } = await room().boot()
    await using guest = await access().open(target)
    const long = Array.from({ length: 8 }, () => Buffer.from(random.bytes(30_000).map((byte) => byte || 1)))
    const all = Buffer.concat(long)
    const { stdout, stderr, droppedBytes } = await guest.exec({ argv: ['printf', '%s', ...long] })
    expect(stderr.toString()).toBe('')
    expect(droppedBytes).toBe(all.length - 2 * KEPT_BYTES)
    const ends = [all.subarray(0, KEPT_BYTES), all.subarray(all.length - KEPT_BYTES)]
    expect(Buffer.from(stdout).equals(Buffer.concat(ends)), `seed ${random.seed}`).toBe(true)
  })

  it('and its job show their environment to nobody else in the guest', async () => {
    const { id, target } = await room().boot()
    await using guest = await access().open(target)
    // Stops when it has seen something that holds the secret on its command line.
    const watch = `while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | grep -q 'hid[d]en' && break; done; : > /root/seen`
    await guest.startJob('watch', { argv: ['sh', '-c', watch] })
    const environment = { SECRET: 'hidden' }
    for (let round = 0; round < 30; round += 1) {
      await guest.exec({ argv: ['sleep', '0.02'], environment })
      await guest.startJob(`job-${round}`, { argv: ['true'], environment })
    }
    expect(await room().host.readFile(id, '/root/seen')).toBeUndefined()
    await guest.stopJob('watch')
  })

  it('reads nothing from us', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    expect((await guest.exec({ argv: ['wc', '-c'] })).stdout.toString().trim()).toBe('0')
  })
})
