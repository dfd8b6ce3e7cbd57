import { availableVcsims, startVcenter, type Vcenter } from '@vmunit/testbed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cloneContent, openSession, option, returned, type SoapSession } from './soap-session.ts'
import { seen, vm, watch } from './updates.ts'

const paths = ['name', 'config.extraConfig', 'config.instanceUuid', 'runtime.connectionState']

describe.each(await availableVcsims())('what the proxy hides (%s)', (govmomi) => {
  let vcenter: Vcenter
  let session: SoapSession
  let source: string
  beforeAll(async () => {
    vcenter = await startVcenter({ govmomi })
    session = openSession(vcenter)
    await session.login()
    source = await vcenter.hands.createMachine({ name: 'source' })
  })
  afterAll(async () => {
    session[Symbol.dispose]()
    await vcenter.close()
  })

  it('shows a clone that is held as running, without configuration, to everybody', async () => {
    await using watcher = await watch(vcenter, session, paths)
    await watcher.next()
    await vcenter.proxy.holdCreations(true)
    const config = `<instanceUuid>aaaaaaaa-2222-4333-8444-555555555555</instanceUuid>${option('marker', 'mine')}`
    const task = returned(await session.call('CloneVM_Task', vm(source), cloneContent(vcenter, 'held', { config })))
    const entered = await seen(watcher, ({ name, value }) => name === 'name' && value === 'held')
    const id = entered.find(({ value }) => value === 'held')!.object
    expect(entered.filter(({ object, name }) => object === id && name.startsWith('config'))).toEqual([])
    expect(await session.task(task)).toEqual({ state: 'running', result: '', fault: '' })
    const shown = await session.read(vm(id), ['name', 'config', 'config.extraConfig', 'summary'])
    expect(shown).toMatchObject({ name: 'held' })
    expect(Object.keys(shown)).toEqual(expect.not.arrayContaining(['config', 'config.extraConfig']))
    expect(shown['summary']).not.toContain('<instanceUuid>')
    const truth = (await vcenter.hands.machines()).find((machine) => machine.id === id)
    expect(truth?.extraConfig).toMatchObject({ marker: 'mine' })
    await expect(session.call('PowerOnVM_Task', vm(id))).rejects.toThrow('TaskInProgress')

    // A watcher that waits while the hold ends is told at once, in both its objects.
    const waiting = seen(
      watcher,
      ({ object, name, value }) => object === task && name === 'info.state' && value === 'success',
    )
    await expect.poll(() => vcenter.proxy.calls({ method: 'WaitForUpdatesEx' }).at(-1)?.outcome).toBe('open')
    expect(await session.task(task)).toMatchObject({ state: 'running' })
    const startedAt = performance.now()
    await vcenter.proxy.holdCreations(false)
    const released = await waiting
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(released.some(({ object, name, value }) => object === task && name === 'info.result' && value === id)).toBe(
      true,
    )
    const options = released.find(({ object, name }) => object === id && name === 'config.extraConfig')
    expect(options?.value).toContain('mine')
    expect(released.some(({ object, name }) => object === id && name === 'config.instanceUuid')).toBe(true)
    expect(await session.task(task)).toEqual({ state: 'success', result: id, fault: '' })
  })

  it('tells who starts to watch while a clone is held as well', async () => {
    await vcenter.proxy.holdCreations(true)
    const task = returned(await session.call('CloneVM_Task', vm(source), cloneContent(vcenter, 'late')))
    using late = openSession(vcenter)
    await late.login()
    await using watcher = await watch(vcenter, late, paths)
    const first = await watcher.next()
    expect(first.find(({ object, name }) => object === task && name === 'info.state')?.value).toBe('running')
    expect(first.some(({ object, name }) => object === task && name === 'info.result')).toBe(false)
    await vcenter.proxy.holdCreations(false)
    await seen(watcher, ({ object, name, value }) => object === task && name === 'info.state' && value === 'success')
  })

  it('lets clones take their time, and shows them in order', async () => {
    vcenter.proxy.setCloneDuration(200)
    const startedAt = performance.now()
    const clones = Array.from(
      { length: 8 },
      async (_, n) => await session.run('CloneVM_Task', vm(source), cloneContent(vcenter, `slow-${n}`)),
    )
    await Promise.all(clones)
    expect(performance.now() - startedAt).toBeGreaterThan(200)
    vcenter.proxy.setCloneDuration(0)
  })

  it('never lets a watcher see a clone whole before its task has ended', async () => {
    await using watcher = await watch(vcenter, session, paths)
    await watcher.next()
    vcenter.proxy.setCloneDuration(60)
    const tasks = await Promise.all(
      Array.from({ length: 16 }, async (_, n) =>
        returned(
          await session.call(
            'CloneVM_Task',
            vm(source),
            cloneContent(vcenter, `order-${n}`, { config: option('n', String(n)) }),
          ),
        ),
      ),
    )
    const open = new Set(tasks)
    const clones = new Set<string>()
    const whole: string[] = []
    while (open.size > 0) {
      for (const { object, name, value } of await watcher.next()) {
        if (name === 'name' && value?.startsWith('order-')) clones.add(object)
        if (name === 'config.extraConfig' && clones.has(object)) whole.push(object)
        if (name === 'info.result' && open.has(object)) expect(whole).toContain(value)
        if (name === 'info.state' && value === 'success') open.delete(object)
      }
    }
    expect(new Set(whole).size).toBe(16)
    vcenter.proxy.setCloneDuration(0)
  })

  it('makes a host unreachable, with its machines, and reachable again', async () => {
    await using watcher = await watch(vcenter, session, paths)
    await watcher.next()
    const host = (await vcenter.hands.machines()).find(({ id }) => id === source)!.host
    await vcenter.proxy.hostNotResponding(host, true)
    const lost = await seen(
      watcher,
      ({ object, name, value }) => object === source && name === 'runtime.connectionState' && value === 'disconnected',
    )
    expect(lost.find(({ object, name }) => object === source && name === 'config.extraConfig')).toMatchObject({
      value: undefined,
    })
    expect(await session.read(vm(source), paths)).toEqual({ name: 'source', 'runtime.connectionState': 'disconnected' })
    expect(await session.read(['HostSystem', host], ['runtime.connectionState'])).toEqual({
      'runtime.connectionState': 'notResponding',
    })
    await expect(session.call('PowerOnVM_Task', vm(source))).rejects.toThrow('HostNotConnected')
    expect((await vcenter.hands.machines()).find(({ id }) => id === source)?.instanceUuid).not.toBe('')
    await vcenter.proxy.hostNotResponding(host, false)
    const regained = await seen(
      watcher,
      ({ object, name, value }) => object === source && name === 'runtime.connectionState' && value === 'connected',
    )
    expect(regained.find(({ object, name }) => object === source && name === 'config.instanceUuid')?.value).toMatch(/-/)
    await session.run('PowerOnVM_Task', vm(source))
  })
})
