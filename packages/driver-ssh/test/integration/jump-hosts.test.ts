import { expect, it } from 'vitest'
import { processes } from '../support/processes.ts'
import { rejection } from '../support/rejection.ts'
import { useRoom } from '../support/room.ts'
import { until } from '../support/until.ts'

const { room, access } = useRoom()

it('goes through two servers, whose keys are verified too, on one connection for all guests', async () => {
  const [first, second, one, other] = await Promise.all(Array.from({ length: 4 }, () => room().boot()))
  const jump = [first!, second!].map(({ target }) => ({ address: target.address, hostKeys: target.hostKeys }))
  const through = access({ jump })
  const together = await Promise.all([one!, other!].map(({ target }) => through.open(target)))
  const guests = [...together, await through.open(one!.target)]
  for (const guest of guests) expect((await guest.exec({ argv: ['true'] })).exitCode).toBe(0)
  const { stdout } = await guests[0]!.exec({ argv: ['sh', '-c', 'echo ${SSH_CONNECTION%% *}'] })
  expect(stdout.toString()).not.toBe('')
  const sessions = await processes(room().host, first!.id, 'sshd: root')
  expect(sessions.split('\n').filter((line) => !line.includes('priv')).length).toBe(1)
})

it('refuses a jump host that does not prove its key', async () => {
  const [jump, guest] = await Promise.all([room().boot(), room().boot()])
  const through = access({ jump: { address: jump.target.address, hostKeys: guest.target.hostKeys } })
  await rejection(through.open(guest.target), 'ERR_HOST_KEY')
})

it('connects anew when the jump host was lost, and tells which of the two does not answer', async () => {
  const [jump, guest] = await Promise.all([room().boot(), room().boot()])
  const { address, hostKeys } = jump.target
  const through = access({ jump: { address, hostKeys } })
  const before = await through.open(guest.target)
  await room().host.unplug(guest.id)
  expect((await rejection(through.open(guest.target), 'ERR_UNAVAILABLE')).message).toContain('jump host')
  await room().host.replug(guest.id)
  await room().host.reboot(jump.id)
  await rejection(before.exec({ argv: ['true'] }), 'ERR_UNAVAILABLE')
  const open = async (): Promise<boolean> => {
    await using again = await through.open(guest.target)
    return (await again.exec({ argv: ['true'] })).exitCode === 0
  }
  await until(() => open().catch(() => false), Boolean)
})

it('leaves no connection to a jump host when it is closed while a guest is opened', async () => {
  const [jump, guest] = await Promise.all([room().boot(), room().boot()])
  const { address, hostKeys } = jump.target
  const through = access({ jump: { address, hostKeys } })
  const opening = rejection(through.open(guest.target), 'ERR_CLOSED')
  await through.close()
  await opening
  await until(
    () => processes(room().host, jump.id, 'sshd: root'),
    (seen) => seen === '',
  )
})

it('says so when a jump host forwards nothing', async () => {
  const jump = await room().boot({ sshd: ['AllowTcpForwarding no'] })
  const guest = await room().boot()
  const { address, hostKeys } = jump.target
  await rejection(access({ jump: { address, hostKeys } }).open(guest.target), 'ERR_PERMISSION_DENIED')
})
