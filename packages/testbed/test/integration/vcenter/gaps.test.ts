import { availableVcsims, startVcenter, type Vcenter } from '@vmunit/testbed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  cloneContent,
  customized,
  type Id,
  openSession,
  option,
  returned,
  type SoapSession,
  typed,
} from './soap-session.ts'

const vm = (id: string): Id => ['VirtualMachine', id]

describe.each(await availableVcsims())('what vcsim (%s) does otherwise than vCenter', (govmomi) => {
  let vcenter: Vcenter
  let session: SoapSession
  beforeAll(async () => {
    vcenter = await startVcenter({ govmomi })
    session = openSession(vcenter)
    await session.login()
  })
  afterAll(async () => {
    session[Symbol.dispose]()
    await vcenter.close()
  })
  const machine = async (id: string) => (await vcenter.hands.machines()).find((each) => each.id === id)!

  it('gives a clone what its source has, under what was asked for', async () => {
    const source = await vcenter.hands.createMachine({
      name: 'source',
      extraConfig: { marker: 'of the source', kept: 'yes', gone: 'x' },
    })
    const uuid = '11111111-2222-4333-8444-555555555555'
    const config = `<instanceUuid>${uuid}</instanceUuid>${option('marker', 'of the clone')}${option('gone', '')}${option('more', 'a &lt; b')}`
    const clone = await session.run('CloneVM_Task', vm(source), cloneContent(vcenter, 'clone', { config }))
    const made = await machine(clone)
    expect(made).toMatchObject({ name: 'clone', power: 'off', isTemplate: false, instanceUuid: uuid })
    expect(made.extraConfig).toMatchObject({ marker: 'of the clone', kept: 'yes', more: 'a < b' })
    expect(made.extraConfig).not.toHaveProperty('gone')
    expect((await machine(source)).extraConfig).toMatchObject({ marker: 'of the source' })
    expect((await vcenter.hands.lineage()).get(clone)).toBe(source)
    expect(vcenter.proxy.calls({ method: 'CloneVM_Task' }).at(-1)).toMatchObject({
      machine: source,
      created: clone,
      mutating: true,
      outcome: 'ok',
      operationId: 'op-1',
      userAgent: 'test-client',
    })
  })

  it('leaves the disk of the source where it is', async () => {
    const source = await vcenter.hands.createMachine({ name: 'with-disk' })
    const path = async (): Promise<string> => {
      const { 'config.hardware.device': devices = '' } = await session.read(vm(source), ['config.hardware.device'])
      return /<fileName>([^<]+vmdk)</.exec(devices)?.[1] ?? ''
    }
    const before = await path()
    expect(before).toContain('with-disk')
    await session.run('CloneVM_Task', vm(source), cloneContent(vcenter, 'another-disk'))
    expect(await path()).toBe(before)
  })

  it('makes a clone on the host that is named, and leaves its source where it is', async () => {
    const source = await vcenter.hands.createMachine({ name: 'on-one-host' })
    const hostOf = async (id: string) => (await session.read(vm(id), ['runtime.host']))['runtime.host']
    const home = await hostOf(source)
    const hosts = (await vcenter.hands.hosts()).map(({ id }) => id)
    expect(hosts).toContain(home)
    const wished = [...hosts, ...hosts, ...hosts]
    const clones = await Promise.all(
      wished.map(
        async (host, n) =>
          await session.run('CloneVM_Task', vm(source), cloneContent(vcenter, `placed-${n}`, { host })),
      ),
    )
    expect(await Promise.all(clones.map(hostOf))).toEqual(wished)
    expect(await hostOf(source)).toBe(home)
    for (const { id, machines } of await vcenter.hands.hosts()) {
      expect(clones.filter((clone) => machines.includes(clone))).toEqual(clones.filter((_, n) => wished[n] === id))
    }
    const elsewhere = await session.run('CloneVM_Task', vm(source), cloneContent(vcenter, 'not-placed'))
    expect(hosts).toContain(await hostOf(elsewhere))
  })

  it('customizes the guest, whose addresses show while it is powered on', async () => {
    const source = await vcenter.hands.createMachine({ name: 'to-customize', addresses: ['127.77.0.1'] })
    const customization = customized('web01', ['127.77.0.9', '127.78.0.9'])
    const clone = await session.run('CloneVM_Task', vm(source), cloneContent(vcenter, 'customized', { customization }))
    const paths = ['guest.ipAddress', 'guest.hostName', 'guest.net', 'runtime.powerState']
    expect((await session.read(vm(clone), paths))['guest.ipAddress'] ?? '').toBe('')
    await session.run('PowerOnVM_Task', vm(clone))
    const on = await session.read(vm(clone), paths)
    expect(on).toMatchObject({ 'guest.ipAddress': '127.77.0.9', 'guest.hostName': 'web01' })
    expect(on['guest.net']).toMatch(/<network>management<.*127\.77\.0\.9.*<network>service<.*127\.78\.0\.9/)
    expect(await machine(clone)).toMatchObject({
      power: 'on',
      addresses: ['127.77.0.9', '127.78.0.9'],
      hostname: 'web01',
    })
    await session.run('PowerOffVM_Task', vm(clone))
    const off = await session.read(vm(clone), paths)
    expect(off['guest.ipAddress'] ?? '').toBe('')
    expect(off['guest.net'] ?? '').not.toContain('127.')
    expect((await machine(clone)).addresses).toEqual(['127.77.0.9', '127.78.0.9'])
  })

  it('customizes a machine that is off, and refuses one that is on', async () => {
    const id = await vcenter.hands.createMachine({ name: 'readdressed', addresses: ['127.77.0.2'] })
    await session.run('CustomizeVM_Task', vm(id), `<spec>${customized('web02', ['127.77.0.3', '127.78.0.3'])}</spec>`)
    await session.run('PowerOnVM_Task', vm(id))
    expect((await session.read(vm(id), ['guest.ipAddress']))['guest.ipAddress']).toBe('127.77.0.3')
    const again = session.call('CustomizeVM_Task', vm(id), `<spec>${customized('web02', ['127.77.0.4'])}</spec>`)
    await expect(again).rejects.toThrow('InvalidPowerState')
  })

  it('powers a clone on when it is asked to', async () => {
    const source = await vcenter.hands.createMachine({ name: 'to-power' })
    const content = cloneContent(vcenter, 'powered', { powerOn: true, customization: customized('p', ['127.77.0.7']) })
    const clone = await session.run('CloneVM_Task', vm(source), content)
    expect(await session.read(vm(clone), ['runtime.powerState', 'guest.ipAddress'])).toEqual({
      'runtime.powerState': 'poweredOn',
      'guest.ipAddress': '127.77.0.7',
    })
  })

  it('refuses a name that its folder has already, as the error of the task', async () => {
    const source = await vcenter.hands.createMachine({ name: 'one-name' })
    const clones = Array.from(
      { length: 5 },
      async () => await session.run('CloneVM_Task', vm(source), cloneContent(vcenter, 'same')),
    )
    const ended = await Promise.allSettled(clones)
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(ended.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))).toEqual(
      Array.from({ length: 4 }, () => 'Error: DuplicateName'),
    )
    await expect(session.run('Rename_Task', vm(source), '<newName>same</newName>')).rejects.toThrow('DuplicateName')
    await session.run('Rename_Task', vm(source), '<newName>one-name</newName>')
    expect((await vcenter.hands.machines()).filter(({ name }) => name === 'same')).toHaveLength(1)
    expect(vcenter.proxy.count({ method: 'CloneVM_Task' })).toBeGreaterThanOrEqual(5)
  })

  it('finds by name while machines are made that have no name yet', async () => {
    const names = Array.from({ length: 8 }, (_, n) => `looked-for-${n}`)
    const sources = await Promise.all(names.map(async (name) => await vcenter.hands.createMachine({ name })))
    let isOver = false
    const look = async (): Promise<readonly string[]> => {
      const found: string[] = []
      while (!isOver) {
        const content = `${typed('entity', ['Folder', vcenter.hands.places.folder.value])}<name>looked-for-7</name>`
        found.push(returned(await session.call('FindChild', ['SearchIndex', 'SearchIndex'], content)))
      }
      return found
    }
    const looks = names.map(look)
    const clones = sources.flatMap((source) => names.map((name) => ({ source, name: `${source}-${name}` })))
    await Promise.all(
      clones.map(async ({ source, name }) => {
        await session.run('CloneVM_Task', vm(source), cloneContent(vcenter, name))
      }),
    )
    isOver = true
    const found = (await Promise.all(looks)).flat()
    expect(found.length).toBeGreaterThan(names.length)
    expect(new Set(found)).toEqual(new Set([sources[7]]))
  })

  it('replaces an option of the same key, and takes one out that is empty', async () => {
    const id = await vcenter.hands.createMachine({ name: 'options', extraConfig: { a: '1', b: '2' } })
    await session.run(
      'ReconfigVM_Task',
      vm(id),
      `<spec>${option('a', '3')}${option('b', '')}${option('new', '')}</spec>`,
    )
    const { 'config.extraConfig': options = '' } = await session.read(vm(id), ['config.extraConfig'])
    expect([...options.matchAll(/<key>([^<]*)</g)].map(([, key]) => key).filter((key) => key !== 'govcsim')).toEqual([
      'a',
    ])
    expect(options).toContain('>3<')
  })

  it('does so much at once and no more', async () => {
    const source = await vcenter.hands.createMachine({ name: 'limited' })
    await vcenter.proxy.reset()
    vcenter.proxy.setLimits({ operations: 3 })
    vcenter.proxy.setCloneDuration(300)
    const clones = Array.from(
      { length: 6 },
      async (_, n) => await session.run('CloneVM_Task', vm(source), cloneContent(vcenter, `limited-${n}`)),
    )
    const ended = await Promise.allSettled(clones)
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(String((ended.find(({ status }) => status === 'rejected') as PromiseRejectedResult).reason)).toContain(
      'LimitExceeded',
    )
    expect(vcenter.proxy.peaks().operations).toBeLessThanOrEqual(3)
    await vcenter.proxy.reset()
  })

  it('asks the guest to shut down, and is off when the guest is', async () => {
    const id = await vcenter.hands.createMachine({ name: 'guest-power', addresses: ['127.77.0.8'] })
    await session.run('PowerOnVM_Task', vm(id))
    const asked: string[] = []
    const down = Promise.withResolvers<void>()
    vcenter.proxy.setGuestPower({
      shutdown: async (machineId) => {
        asked.push(`shutdown ${machineId}`)
        await down.promise
      },
      reboot: async (machineId) => {
        asked.push(`reboot ${machineId}`)
      },
    })
    await session.call('RebootGuest', vm(id))
    await session.call('ShutdownGuest', vm(id))
    expect(asked).toEqual([`reboot ${id}`, `shutdown ${id}`])
    expect((await session.read(vm(id), ['runtime.powerState']))['runtime.powerState']).toBe('poweredOn')
    down.resolve()
    await expect.poll(async () => (await machine(id)).power).toBe('off')
    await expect(session.call('ShutdownGuest', vm(id))).rejects.toThrow('InvalidPowerState')
    vcenter.proxy.setGuestPower(undefined)
  })

  it('knows no clones on a single host', async () => {
    await using host = await startVcenter({ govmomi, model: 'esx' })
    using client = openSession(host)
    await client.login()
    const id = await host.hands.createMachine({ name: 'alone' })
    await expect(client.call('CloneVM_Task', vm(id), cloneContent(host, 'x'))).rejects.toThrow('NotSupported')
    expect(returned(await client.call('PowerOnVM_Task', vm(id)))).toMatch(/task/)
  })
})
