import type { ExecResult, Guest } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { RUNNER_NAME } from '../../src/jobs/runner.ts'
import { processes } from '../support/processes.ts'
import { rejection } from '../support/rejection.ts'
import { useRoom } from '../support/room.ts'
import { until } from '../support/until.ts'

const { room, access } = useRoom()
const id = 'run-1/patch#1'

async function over(guest: Guest): Promise<ExecResult> {
  const seen = await until(
    () => guest.job(id),
    ({ state }) => state !== 'busy',
    30_000,
  )
  if (seen.state !== 'done') throw new Error(`the job is ${seen.state}`)
  return seen.value
}

describe('a job', () => {
  it('that a reboot ended is unknown and says so; one that was over stays done', async () => {
    const { id: machine, target } = await room().boot()
    const before = await access().open(target)
    await before.startJob('run-1/over#1', { argv: ['echo', 'kept'] })
    await until(
      () => before.job('run-1/over#1'),
      ({ state }) => state === 'done',
    )
    await before.startJob(id, { argv: ['sleep', '600'] })
    await room().host.reboot(machine)
    await using guest = await access().open(target)
    expect(await guest.job(id)).toMatchObject({ state: 'unknown', detail: expect.stringContaining('booted') })
    expect(await guest.job('run-1/over#1')).toMatchObject({ state: 'done' })
    expect(await processes(room().host, machine, 'sleep 600')).toBe('')
  })

  it('goes on when the power of its starter is taken away in the middle of the start', async () => {
    const { id: machine, target } = await room().boot()
    for (let round = 0; round < 12; round += 1) {
      const guest = await access().open(target)
      const job = `run-${round}/cut#1`
      const starting = guest.startJob(job, { argv: ['sh', '-c', `echo ${round} >> /tmp/ran`] }).catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 3 * round))
      await room().host.unplug(machine)
      await starting
      await room().host.replug(machine)
      await guest.close()
      await using again = await access().open(target)
      await again.startJob(job, { argv: ['sh', '-c', `echo ${round} >> /tmp/ran`] })
      await until(
        () => again.job(job),
        ({ state }) => state === 'done',
      )
    }
    const ran = (await room().host.readFile(machine, '/tmp/ran')) ?? ''
    expect(ran.trim().split('\n')).toEqual(Array.from({ length: 12 }, (_, round) => String(round)))
  })

  it('that floods its output fills neither memory nor disk of the guest', async () => {
    const { target } = await room().boot()
    await using guest = await access().open(target)
    const flood = 'dd if=/dev/zero bs=65536 count=4096 2>/dev/null; echo end'
    await guest.startJob(id, { argv: ['sh', '-c', flood] })
    let most = 0
    const watch = async (): Promise<string> => {
      const { stdout } = await guest.exec({ argv: ['du', '-sk', '/var/lib/vmunit/jobs'] })
      most = Math.max(most, Number.parseInt(stdout.toString(), 10))
      return (await guest.job(id)).state
    }
    await until(watch, (state) => state === 'done', 60_000)
    const { exitCode, stdout, droppedBytes } = await over(guest)
    expect([exitCode, stdout.length + droppedBytes]).toEqual([0, 4_096 * 65_536 + 4])
    expect(Buffer.from(stdout).subarray(-4).toString()).toBe('end\n')
    expect(most).toBeLessThan(32_768)
  }, 90_000)

  it('can end the connection that looks at it, and the sshd of it', async () => {
    const { id: machine, target } = await room().boot()
    const first = await access().open(target)
    await first.startJob(id, {
      argv: [
        'sh',
        '-c',
        'sleep 0.2; ps -o pid,args | grep "[s]shd[a-z-]*: root" | while read pid rest; do kill -9 $pid; done; echo went on',
      ],
    })
    await until(
      () =>
        first.bootId().then(
          () => false,
          () => true,
        ),
      Boolean,
    )
    await using guest = await access().open(target)
    expect((await over(guest)).stdout.toString()).toBe('went on\n')
    expect(machine).not.toBe('')
  })

  it('does not begin with what somebody else has put into the state directory', async () => {
    const { target } = await room().boot()
    await using other = await access({ username: 'deploy' }).open(target)
    await using guest = await access({ stateDirectory: '/tmp/state' }).open(target)
    const plant = `mkdir /tmp/state && echo 'echo started; id -u > /tmp/planted' > /tmp/state/${RUNNER_NAME} && chmod -R 777 /tmp/state`
    await other.exec({ argv: ['sh', '-c', plant] })
    await rejection(guest.startJob(id, { argv: ['true'] }), 'ERR_CONFLICT')
    expect((await guest.job(id)).state).toBe('unknown')
    expect((await guest.exec({ argv: ['ls', '/tmp/planted'] })).exitCode).not.toBe(0)
  })

  it('leaves only its record behind', async () => {
    const { id: machine, target } = await room().boot()
    await using guest = await access().open(target)
    await guest.startJob(id, {
      argv: ['sh', '-c', 'echo x; echo y >&2'],
      timeoutMs: 60_000,
      environment: { SECRET: 'hidden' },
    })
    await over(guest)
    const left = async (): Promise<string> =>
      (await guest.exec({ argv: ['sh', '-c', 'ls /var/lib/vmunit/jobs/*'] })).stdout.toString()
    await until(left, (seen) => seen === 'claim\nresult\n')
    const { stdout } = await guest.exec({ argv: ['grep', '-rc', 'hidden', '/var/lib/vmunit/jobs'] })
    expect(stdout.toString()).not.toMatch(/:[1-9]/)
    const { stdout: mode } = await guest.exec({ argv: ['stat', '-c', '%a', '/var/lib/vmunit/jobs'] })
    expect(mode.toString()).toBe('700\n')
    await until(
      () => processes(room().host, machine, 'runner-'),
      (seen) => seen === '',
    )
  })
})
