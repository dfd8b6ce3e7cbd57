import { availableVcsims, startVcenter, type Vcenter } from '@vmunit/testbed'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cloneContent, openSession, type SoapSession } from './soap-session.ts'
import { seen, vm, watch } from './updates.ts'

describe.each(await availableVcsims())('faults of the proxy (%s)', (govmomi) => {
  let vcenter: Vcenter
  let session: SoapSession
  let machine: string
  beforeAll(async () => {
    vcenter = await startVcenter({ govmomi })
    session = openSession(vcenter)
    await session.login()
    machine = await vcenter.hands.createMachine({ name: 'machine' })
  })
  afterEach(async () => {
    await vcenter.proxy.reset()
  })
  afterAll(async () => {
    session[Symbol.dispose]()
    await vcenter.close()
  })
  const name = async (): Promise<string | undefined> => (await session.read(vm(machine), ['name']))['name']
  const lastOutcome = (method: string): string | undefined => vcenter.proxy.calls({ method }).at(-1)?.outcome

  it('answers late', async () => {
    vcenter.proxy.addFault({ method: /^Retrieve/, times: 1, effect: { kind: 'delay', ms: 120 } })
    const startedAt = performance.now()
    expect(await name()).toBe('machine')
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(110)
  })

  it('loses an answer, but does what was asked', async () => {
    vcenter.proxy.addFault({ method: 'CloneVM_Task', times: 1, effect: { kind: 'lostAnswer' } })
    await expect(session.call('CloneVM_Task', vm(machine), cloneContent(vcenter, 'lost'))).rejects.toThrow(
      'socket hang up',
    )
    expect((await vcenter.hands.machines()).some((each) => each.name === 'lost')).toBe(true)
    expect(lastOutcome('CloneVM_Task')).toBe('lost')
    expect(vcenter.proxy.calls({ method: 'CloneVM_Task' }).at(-1)?.created).toMatch(/^vm-/)
  })

  it('breaks a connection off before anything is done', async () => {
    vcenter.proxy.addFault({ method: 'CloneVM_Task', times: 1, effect: { kind: 'reset' } })
    await expect(session.call('CloneVM_Task', vm(machine), cloneContent(vcenter, 'reset'))).rejects.toThrow(
      'socket hang up',
    )
    expect((await vcenter.hands.machines()).some((each) => each.name === 'reset')).toBe(false)
    expect(lastOutcome('CloneVM_Task')).toBe('reset')
  })

  it('answers 503, and any fault by its name', async () => {
    vcenter.proxy.addFault({ method: 'RetrievePropertiesEx', times: 1, effect: { kind: 'unavailable' } })
    await expect(name()).rejects.toThrow('http 503')
    const undo = vcenter.proxy.addFault({
      method: 'PowerOnVM_Task',
      effect: {
        kind: 'fault',
        name: 'NoPermission',
        fields: '<privilegeId>VirtualMachine.Interact.PowerOn</privilegeId>',
      },
    })
    await expect(session.call('PowerOnVM_Task', vm(machine))).rejects.toThrow('NoPermission')
    expect(lastOutcome('PowerOnVM_Task')).toBe('NoPermission')
    undo()
    await session.run('PowerOnVM_Task', vm(machine))
    await session.run('PowerOffVM_Task', vm(machine))
  })

  it('strikes at random, the same for the same seed', async () => {
    const strikes = async (): Promise<readonly string[]> => {
      await using other = await startVcenter({ govmomi, seed: 7 })
      using client = openSession(other)
      await client.login()
      other.proxy.addFault({ method: 'CurrentTime', probability: 0.3, effect: { kind: 'unavailable' } })
      const asked = async (): Promise<string> =>
        await client.call('CurrentTime', ['ServiceInstance', 'ServiceInstance']).then(() => 'ok', String)
      const outcomes: string[] = []
      for (let n = 0; n < 40; n += 1) outcomes.push(await asked())
      return outcomes
    }
    const first = await strikes()
    expect(first.filter((outcome) => outcome !== 'ok').length).toBeGreaterThan(4)
    expect(first.filter((outcome) => outcome === 'ok').length).toBeGreaterThan(15)
    expect(await strikes()).toEqual(first)
  })

  it('ends sessions with a fault, also for who waits, until a new login', async () => {
    const watcher = await watch(vcenter, session, ['name'])
    await watcher.next()
    const waiting = expect(watcher.next()).rejects.toThrow('NotAuthenticated')
    await expect.poll(() => vcenter.proxy.calls({ method: 'WaitForUpdatesEx' }).at(-1)?.outcome).toBe('open')
    await vcenter.proxy.expireSessions()
    await waiting
    await expect(name()).rejects.toThrow('NotAuthenticated')
    await expect(session.call('PowerOnVM_Task', vm(machine))).rejects.toThrow('NotAuthenticated')
    await session.login()
    expect(await name()).toBe('machine')
  })

  it('ends sessions with answers in which everything is missing', async () => {
    await vcenter.proxy.expireSessions('missingSet')
    const spec = `<specSet><propSet><type>VirtualMachine</type><pathSet>name</pathSet><pathSet>config.template</pathSet></propSet><objectSet><obj type="VirtualMachine">${machine}</obj></objectSet></specSet><options/>`
    const xml = await session.call('RetrievePropertiesEx', session.collector(), spec)
    expect(xml).not.toContain('<propSet>')
    expect([...xml.matchAll(/<missingSet><path>([^<]*)<\/path>/g)].map(([, path]) => path)).toEqual(
      expect.arrayContaining(['name', 'config.template']),
    )
    expect(xml.match(/xsi:type="NotAuthenticated"/g)).toHaveLength(2)
    await expect(session.call('PowerOnVM_Task', vm(machine))).rejects.toThrow('NotAuthenticated')
    await session.login()
    expect(await name()).toBe('machine')
  })

  it('is away and comes back, and loses no update', async () => {
    const watcher = await watch(vcenter, session, ['name', 'runtime.powerState'])
    await watcher.next()
    const waiting = watcher.next().then(
      () => 'answered',
      () => 'broken',
    )
    await expect.poll(() => vcenter.proxy.calls({ method: 'WaitForUpdatesEx' }).at(-1)?.outcome).toBe('open')
    vcenter.proxy.down(true)
    expect(await waiting).toBe('broken')
    await expect(name()).rejects.toThrow()
    await vcenter.hands.power(machine, 'on')
    vcenter.proxy.down(false)
    await seen(watcher, ({ name: path, value }) => path === 'runtime.powerState' && value === 'poweredOn')
    await vcenter.hands.power(machine, 'off')
    const over = vcenter.proxy.outage(100)
    await expect(name()).rejects.toThrow()
    await over
    expect(await name()).toBe('machine')
  })

  it('sends an answer again that the client did not get', async () => {
    const watcher = await watch(vcenter, session, ['name', 'runtime.powerState'])
    await watcher.next()
    const before = watcher.version()
    vcenter.proxy.addFault({ method: 'WaitForUpdatesEx', times: 1, effect: { kind: 'lostAnswer' } })
    const waiting = expect(watcher.next()).rejects.toThrow()
    await vcenter.hands.power(machine, 'on')
    await waiting
    watcher.from(before)
    await seen(watcher, ({ name: path, value }) => path === 'runtime.powerState' && value === 'poweredOn')
    watcher.from('77')
    await expect(watcher.next()).rejects.toThrow('InvalidCollectorVersion')
    await vcenter.hands.power(machine, 'off')
  })

  it('tells two sessions of a change that watch through their own collector', async () => {
    using other = openSession(vcenter)
    await other.login()
    const watchers = [
      await watch(vcenter, session, ['runtime.powerState']),
      await watch(vcenter, other, ['runtime.powerState']),
    ]
    await Promise.all(watchers.map(async (watcher) => await watcher.next()))
    const told = watchers.map(async (watcher) => await seen(watcher, ({ value }) => value === 'poweredOn'))
    await vcenter.hands.power(machine, 'on')
    await Promise.all(told)
    await vcenter.hands.power(machine, 'off')
  })

  it('lets nobody in with a wrong password', async () => {
    using stranger = openSession({ ...vcenter, password: 'wrong' })
    await expect(stranger.login()).rejects.toThrow('InvalidLogin')
    await expect(stranger.call('PowerOnVM_Task', vm(machine))).rejects.toThrow('NotAuthenticated')
  })
})
