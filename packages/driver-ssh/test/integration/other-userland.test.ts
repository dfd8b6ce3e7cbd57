import { expect, it } from 'vitest'
import { startMachineSshd } from '../support/machine-sshd.ts'
import { useRoom } from '../support/room.ts'
import { treeOf } from '../support/tree.ts'
import { until } from '../support/until.ts'

const { room, access } = useRoom()

it('runs commands and jobs, pushes and pulls with bash and the GNU tools', async () => {
  await using machine = await startMachineSshd(room().freshAddress(), room().publicKey)
  const { directory, target } = machine
  await using guest = await access({ stateDirectory: `${directory}/state of jobs` }).open(target)
  const { exitCode, stdout } = await guest.exec({ argv: ['printf', '%s', "it's\n", Buffer.from([0xff])] })
  expect([exitCode, Buffer.from(stdout)]).toEqual([0, Buffer.from("it's\n\xff", 'latin1')])
  expect((await guest.exec({ argv: ['sleep', '600'], timeoutMs: 100 })).exitCode).toBe(124)

  await guest.startJob('run/step#1', { argv: ['sh', '-c', 'echo out; exit 3'] })
  const job = await until(
    () => guest.job('run/step#1'),
    ({ state }) => state !== 'busy',
  )
  expect(job).toMatchObject({ state: 'done', value: { exitCode: 3, stdout: Buffer.from('out\n') } })
  await guest.startJob('run/step#2', { argv: ['sleep', '600'] })
  await guest.stopJob('run/step#2')
  expect(await guest.job('run/step#2')).toMatchObject({ state: 'done', value: { exitCode: 143 } })

  const to = `${directory}/tree`
  const content = { a: 'a', 'deep/b': 'b', 'run*': '#!/bin/sh\necho ran\n', '漢字 \\': 'c' }
  await guest.push(treeOf(content), to)
  const again = treeOf({ ...content, a: 'other' })
  expect(await guest.push(again, to)).toBe(again.hash)
  expect(again.bytesRead()).toBe(5)
  const same = treeOf({ ...content, a: 'other' })
  await guest.push(same, to)
  expect(same.bytesRead()).toBe(0)
  expect(await guest.pushed(to)).toBe(same.hash)
  expect((await guest.exec({ argv: [`${to}/run`] })).stdout.toString()).toBe('ran\n')
  const archive = Buffer.concat(await Array.fromAsync(guest.pull([to], 1_000_000))).toString()
  for (const part of ['deep/b', 'other', 'echo ran']) expect(archive).toContain(part)
})
