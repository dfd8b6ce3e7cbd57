import { afterAll, beforeAll, expect, it } from 'vitest'
import { runProgram } from '../../src/processes/run-program.ts'
import { waitUntil } from '../../src/processes/wait-until.ts'
import { startTestbed, type Testbed } from '../../src/testbed.ts'
import { httpGet } from './guests-support.ts'

let bed: Testbed
let template: string
let last = 0

beforeAll(async () => {
  bed = await startTestbed()
  template = await bed.hands.provideTemplate({ name: 'web-base', files: { '/etc/motd': 'welcome\n' } })
}, 300_000)

afterAll(async () => {
  await bed.close()
})

/** Two addresses that no machine of this file has yet. */
function addresses(): readonly [string, string] {
  last += 1
  return [bed.address('management', 0, last), bed.address('service', 0, last)]
}

async function ssh(testbed: Testbed, address: string, command: string): Promise<string> {
  const { file, port, knownHosts, username } = testbed.ssh
  const options = [`UserKnownHostsFile=${knownHosts}`, 'StrictHostKeyChecking=yes', 'BatchMode=yes', 'ConnectTimeout=5']
  const flags = ['-F', '/dev/null', '-i', file, '-p', String(port), ...options.flatMap((option) => ['-o', option])]
  const { exitCode, stdout, stderr } = await runProgram(['ssh', ...flags, `${username}@${address}`, command])
  return exitCode === 255 ? stderr : stdout
}

async function machine(id: string): ReturnType<typeof find> {
  return await find(id)
}

async function find(id: string) {
  return (await bed.hands.machines()).find((one) => one.id === id)
}

it('gives a machine that is switched on a guest that proves the keys that vCenter shows', async () => {
  const [management, service] = addresses()
  const id = await bed.hands.provideMachine({
    name: 'ap01',
    template,
    addresses: [management, service],
    autostart: true,
  })
  expect(await ssh(bed, management, 'hostname; cat /etc/release /etc/motd')).toBe('ap01\nweb-base 1\nwelcome\n')
  const shown = (await machine(id))?.extraConfig['guestinfo.vmunit.hostkeys']
  expect(shown?.split('\n')).toEqual(await bed.guests.hostKeys(id))
  const ofTemplate = (await machine(template))?.extraConfig['guestinfo.vmunit.hostkeys']
  expect(ofTemplate).toMatch(/^ssh-ed25519 /)
  expect(shown).not.toBe(ofTemplate)
  expect(await httpGet(service, '/release')).toBe('web-base 1\n')
})

it('lets the guest follow its machine: off, on, and away', async () => {
  const [management, service] = addresses()
  const id = await bed.hands.provideMachine({ name: 'ap02', template, addresses: [management, service] })
  await ssh(bed, management, 'echo kept >/root/kept')
  await bed.hands.power(id, 'off')
  expect(await ssh(bed, management, 'true')).toContain('Connection refused')
  expect((await machine(id))?.extraConfig).not.toHaveProperty(['guestinfo.vmunit.hostkeys'])
  await bed.hands.power(id, 'on')
  expect((await machine(id))?.extraConfig).toHaveProperty(['guestinfo.vmunit.hostkeys'])
  expect(await ssh(bed, management, 'cat /root/kept')).toBe('kept\n')
  await bed.hands.destroy(id)
  expect(bed.guests.has(id)).toBe(false)
  // Another machine can have its addresses at once.
  await bed.hands.provideMachine({ name: 'ap02b', template, addresses: [management, service] })
  expect(await bed.guests.exec(id, ['true']).catch(String)).toContain('no disk')
})

it('boots a guest anew whose machine was off for no longer than a moment', async () => {
  const [management, service] = addresses()
  const id = await bed.hands.provideMachine({ name: 'cycled', template, addresses: [management, service] })
  const firstProcesses = new Set<number | undefined>()
  for (let round = 1; round <= 5; round += 1) {
    firstProcesses.add(bed.guests.list().find((guest) => guest.id === id)?.pid)
    // The hands of vCenter do not wait for the agent, which looks now and then.
    await bed.vcenter.hands.power(id, 'off')
    await bed.vcenter.hands.power(id, 'on')
    await bed.agent.settled()
    expect((await machine(id))?.extraConfig).toHaveProperty(['guestinfo.vmunit.hostkeys'])
    expect(await ssh(bed, management, 'hostname')).toBe('cycled\n')
  }
  expect(firstProcesses.size).toBe(5)
})

it('carries what was patched into a template into what is made from it, whatever becomes of the template', async () => {
  const [first, second] = [addresses(), addresses()]
  const work = await bed.hands.provideMachine({ name: 'work', template, addresses: first })
  await ssh(bed, first[0], 'dnf -y upgrade --security')
  await bed.hands.power(work, 'off')
  await bed.hands.markAsTemplate(work)
  const made = await bed.vcenter.hands.clone(work, 'made')
  await bed.hands.destroy(work)
  await bed.hands.setAddresses(made, second)
  await bed.hands.power(made, 'on')
  expect(await ssh(bed, second[0], 'cat /var/log/packages.log; hostname')).toBe('dnf -y upgrade --security\nmade\n')
  const untouched = await bed.hands.provideMachine({ name: 'untouched', template, addresses: addresses() })
  expect(await bed.guests.readFile(untouched, '/var/log/packages.log')).toBeUndefined()
})

it('switches a machine off whose guest goes off, and leaves one on whose guest reboots', async () => {
  const [[first], [second]] = [addresses(), addresses()]
  const off = await bed.hands.provideMachine({ name: 'goes-off', template, addresses: [first] })
  const again = await bed.hands.provideMachine({ name: 'reboots', template, addresses: [second] })
  const rebooted = Promise.withResolvers<void>()
  const stop = bed.guests.onEnd((id, end) => (id === again && end === 'reboot' ? rebooted.resolve() : undefined))
  await Promise.all([ssh(bed, first, 'poweroff'), ssh(bed, second, 'reboot')])
  await rebooted.promise
  stop()
  const isOff = async () => ((await machine(off))?.power === 'off' ? true : undefined)
  await waitUntil(isOff, { what: 'vCenter to show it as off' })
  await bed.agent.settled()
  expect((await machine(again))?.power).toBe('on')
  expect(await ssh(bed, second, 'echo here')).toBe('here\n')
  expect(await ssh(bed, first, 'true')).toContain('Connection refused')
  await bed.hands.power(off, 'on')
  expect(await ssh(bed, first, 'echo back')).toBe('back\n')
})

it('has guests that never answer, and guests that keep the key of their template', async () => {
  const [[silent], [copied]] = [addresses(), addresses()]
  bed.agent.pauseBoots(true)
  await bed.hands.provideMachine({ name: 'silent', template, addresses: [silent] })
  expect(await ssh(bed, silent, 'true')).toContain('Connection refused')
  bed.agent.pauseBoots(false)
  await bed.agent.settled()
  expect(await ssh(bed, silent, 'echo here')).toBe('here\n')
  bed.agent.keepHostKeys(true)
  const id = await bed.hands.provideMachine({ name: 'copied', template, addresses: [copied] })
  bed.agent.keepHostKeys(false)
  expect(await bed.guests.hostKeys(id)).toEqual(await bed.guests.hostKeys(template))
})

it('leases an address to a machine that was given none, for as long as the machine is there', async () => {
  const leased = async (id: string) => (await machine(id))?.addresses[0]
  const id = await bed.hands.clone(template, 'leased')
  await bed.hands.power(id, 'on')
  const address = await waitUntil(async () => await leased(id), { what: 'an address' })
  expect(address).toBe(bed.address('management', 15, 1))
  await bed.agent.settled()
  expect(await ssh(bed, address, 'hostname')).toBe('leased\n')
  const another = await bed.hands.clone(template, 'leased too')
  await bed.hands.power(another, 'on')
  expect(await waitUntil(async () => await leased(another), { what: 'an address' })).toBe(
    bed.address('management', 15, 2),
  )
  await bed.hands.destroy(id)
  const third = await bed.hands.clone(template, 'leased again')
  await bed.hands.power(third, 'on')
  expect(await waitUntil(async () => await leased(third), { what: 'an address' })).toBe(address)
})

it('runs side by side with another testbed', async () => {
  await using other = await startTestbed()
  const name = 'same-name'
  const [here] = addresses()
  const there = other.address('management', 0, last)
  expect(there).not.toBe(here)
  await bed.hands.provideMachine({ name, template, addresses: [here] })
  const theirs = await other.hands.provideTemplate({ name: 'other-base' })
  await other.hands.provideMachine({ name, template: theirs, addresses: [there] })
  expect(await ssh(bed, here, 'cat /etc/release')).toBe('web-base 1\n')
  expect(await ssh(other, there, 'cat /etc/release')).toBe('other-base 1\n')
  await other.close()
  expect(await ssh(bed, here, 'cat /etc/release')).toBe('web-base 1\n')
})
