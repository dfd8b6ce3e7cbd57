import type { Guest } from '@vmunit/core'
import { expect, it } from 'vitest'
import { processes } from '../support/processes.ts'
import { rejection } from '../support/rejection.ts'
import { useRoom } from '../support/room.ts'
import { treeOf } from '../support/tree.ts'
import { until } from '../support/until.ts'

const { room, access } = useRoom()
const to = '/srv/data/definition'
const state = '/var/lib/vmunit'

async function sh(guest: Guest, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await guest.exec({ argv: ['sh', '-c', script] })
  expect(exitCode, stderr.toString()).toBe(0)
  return stdout.toString()
}

async function mountSmall(guest: Guest, directory: string, limits: string): Promise<void> {
  await sh(guest, `mkdir -p ${directory} && mount -t tmpfs -o ${limits} none ${directory}`)
}

it('a job that cannot be recorded does not begin, and nothing is lost of one that can', async () => {
  const { target } = await room().boot()
  await using guest = await access().open(target)
  await mountSmall(guest, state, 'size=128k')
  const over = (id: string) =>
    until(
      () => guest.job(id),
      ({ state: seen }) => seen !== 'busy',
    )
  await guest.startJob('before', { argv: ['true'] })
  await over('before')
  const outcomes = []
  for (const pages of [0, 1, 2, 3, 4]) {
    await sh(
      guest,
      `cd ${state} && { dd if=/dev/zero of=fill bs=4096 2>/dev/null || truncate -s $(($(stat -c %s fill) - ${4_096 * pages})) fill; }`,
    )
    const id = `job-${pages}`
    const command = { argv: ['sh', '-c', `sleep 0.1; echo ${pages} >> /root/ran; exit ${pages}`] } as const
    const isStarted = await guest.startJob(id, command).then(
      () => true,
      () => false,
    )
    const seen = await over(id)
    expect([pages, seen.state]).toEqual([pages, isStarted ? 'done' : 'absent'])
    if (seen.state === 'done') expect(seen.value.exitCode).toBe(pages)
    outcomes.push(isStarted ? `${pages}\n` : '')
    await sh(guest, `rm ${state}/fill`)
  }
  expect(outcomes.slice(0, 1)).toEqual([''])
  expect(await sh(guest, 'cat /root/ran')).toBe(outcomes.join(''))
})

it('a job whose output fills the disk comes to its end, and tells its exit code', async () => {
  const { target } = await room().boot()
  await using guest = await access().open(target)
  await mountSmall(guest, state, 'size=128k')
  const flood = 'dd if=/dev/zero bs=1000 count=600 2>/dev/null; exit 5'
  const fill = `echo x; dd if=/dev/zero of=${state}/fill 2>/dev/null; exit 3`
  for (const [script, exitCode] of [
    [flood, 5],
    [fill, 3],
  ] as const) {
    await guest.startJob(script, { argv: ['sh', '-c', script] })
    const seen = await until(
      () => guest.job(script),
      ({ state: now }) => now !== 'busy',
    )
    expect(seen).toMatchObject({ state: 'done', value: { exitCode } })
  }
})

it.each(['size=10m', 'size=40m,nr_inodes=50'])(
  'a push for which there is no room (%s) leaves the old tree and nothing else',
  async (limits) => {
    const { id, target } = await room().boot()
    await using guest = await access().open(target)
    await mountSmall(guest, '/srv/data', limits)
    await guest.push(treeOf({ a: 'old' }), to)
    const files = Array.from({ length: 100 }, (_, file) => [`f${file}`, Buffer.alloc(200_000, file)])
    const error = await rejection(guest.push(treeOf(Object.fromEntries(files)), to), 'ERR_DRIVER')
    expect(error.message).toContain('No space left')
    expect(await sh(guest, `cat ${to}/a; ls -d /srv/data/.definition.vmunit/v-*/ | wc -l`)).toBe('old1\n')
    await until(
      () => processes(room().host, id, 'vmunit-pid'),
      (seen) => seen === '',
    )
    const next = treeOf({ a: 'new' })
    await guest.push(next, to)
    expect(await guest.pushed(to)).toBe(next.hash)
  },
)
