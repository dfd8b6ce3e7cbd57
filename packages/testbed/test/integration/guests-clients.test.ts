import { availableVcsims } from '@vmunit/testbed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../../src/processes/wait-until.ts'
import { startTestbed, type Testbed } from '../../src/testbed.ts'
import { httpGet } from './guests-support.ts'
import { cloneContent, customized, type Id, openSession, type SoapSession } from './vcenter/soap-session.ts'

const vm = (id: string): Id => ['VirtualMachine', id]

describe.each(await availableVcsims())('a client of a vCenter with guests (%s)', (govmomi) => {
  let bed: Testbed
  let session: SoapSession
  let id: string
  const addresses: string[] = []

  beforeAll(async () => {
    bed = await startTestbed({ govmomi })
    session = openSession(bed.vcenter)
    await session.login()
    const template = await bed.hands.provideTemplate({
      name: 'web-base',
      files: {
        '/etc/services/trap': "#!/bin/sh\ntrap 'echo in order >>/var/ended; exit' TERM\nwhile :; do sleep 0.02; done\n",
        '/etc/services.enabled/trap': '',
        '/etc/services.enabled/application': '',
      },
    })
    addresses.push(bed.address('management', 0, 1), bed.address('service', 0, 1))
    const content = cloneContent(bed.vcenter, 'web01', { customization: customized('web01', addresses), powerOn: true })
    id = await session.run('CloneVM_Task', vm(template), content)
    await bed.agent.settled()
  }, 300_000)

  afterAll(async () => {
    session[Symbol.dispose]()
    await bed.close()
  })

  const bootId = async (): Promise<string | undefined> =>
    await bed.guests.readFile(id, '/proc/sys/kernel/random/boot_id')
  const answering = async (): Promise<true | undefined> =>
    (await httpGet(addresses[1]!, '/version')) === undefined ? undefined : true
  const isGone = (): true | undefined =>
    bed.guests.list().find((one) => one.id === id)?.power === 'off' ? true : undefined
  const power = async (): Promise<string | undefined> =>
    (await session.read(vm(id), ['runtime.powerState']))['runtime.powerState']

  it('gets a guest with the name and the addresses of its customization', async () => {
    expect(await bed.guests.readFile(id, '/etc/hostname')).toBe('web01\n')
    expect(await httpGet(addresses[1]!, '/release')).toBe('web-base 1\n')
  })

  it('reboots a guest in order and resets one without asking it; the machine stays on', async () => {
    const first = await bootId()
    await session.call('RebootGuest', vm(id))
    const rebooted = async () => ((await bootId().catch(() => first)) === first ? undefined : true)
    await waitUntil(rebooted, { what: 'the guest to reboot' })
    await bed.agent.settled()
    expect(await bed.guests.readFile(id, '/var/ended')).toBe('in order\n')
    expect(await power()).toBe('poweredOn')
    const second = await bootId()
    await session.run('ResetVM_Task', vm(id))
    const reset = async () => ((await bootId().catch(() => second)) === second ? undefined : true)
    await waitUntil(reset, { what: 'the guest to be reset' })
    await bed.agent.settled()
    expect(await bed.guests.readFile(id, '/var/ended')).toBe('in order\n')
    expect(await power()).toBe('poweredOn')
    expect(await answering()).toBe(true)
  })

  it('shows a machine as off when its guest has shut down, and not before', async () => {
    await session.call('ShutdownGuest', vm(id))
    const off = async () => ((await power()) === 'poweredOff' ? true : undefined)
    await waitUntil(off, { what: 'the machine to be off' })
    expect(bed.guests.list().find((one) => one.id === id)?.power).toBe('off')
    expect(await bed.guests.readFile(id, '/var/ended')).toBe('in order\nin order\n')
    await session.run('PowerOnVM_Task', vm(id))
    await waitUntil(answering, { what: 'the guest to answer again' })
  })

  it('takes the power of a guest away with that of its machine', async () => {
    await session.run('PowerOffVM_Task', vm(id))
    await waitUntil(isGone, { what: 'the guest to be gone' })
    expect(await bed.guests.readFile(id, '/var/ended')).toBe('in order\nin order\n')
    await session.run('PowerOnVM_Task', vm(id))
    await waitUntil(answering, { what: 'the guest to answer again' })
    expect(await power()).toBe('poweredOn')
  })

  it('cannot shut down a guest that never booted', async () => {
    await session.run('PowerOffVM_Task', vm(id))
    bed.agent.pauseBoots(true)
    await session.run('PowerOnVM_Task', vm(id))
    await session.call('ShutdownGuest', vm(id))
    await bed.agent.settled()
    expect(await power()).toBe('poweredOn')
    await session.run('PowerOffVM_Task', vm(id))
    expect(await power()).toBe('poweredOff')
    bed.agent.pauseBoots(false)
  })
})
