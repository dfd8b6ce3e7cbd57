import { availableVcsims, startVcenter, type Vcenter } from '@vmunit/testbed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cloneContent, openSession, option, returned, type SoapSession, typed } from './soap-session.ts'
import { seen, vm, watch } from './updates.ts'

describe.each(await availableVcsims())('watching through the proxy (%s)', (govmomi) => {
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

  it('tells what enters, changes and leaves', async () => {
    await using watcher = await watch(vcenter, session, ['name', 'config.extraConfig'])
    const first = await watcher.next()
    expect(first).toContainEqual({ kind: 'enter', object: source, name: 'name', value: 'source' })
    const id = await vcenter.hands.createMachine({ name: 'short-lived' })
    await seen(watcher, (change) => change.kind === 'enter' && change.object === id && change.value === 'short-lived')
    await session.run('ReconfigVM_Task', vm(id), `<spec>${option('k', 'new')}</spec>`)
    await seen(watcher, (change) => change.kind === 'modify' && change.object === id && /new/.test(change.value ?? ''))
    await vcenter.hands.destroy(id)
    await seen(watcher, (change) => change.kind === 'leave' && change.object === id)
    // Of the tasks of vcsim itself, ends may still be told.
    expect((await watcher.next(0)).filter(({ object }) => object === id)).toEqual([])
  })

  it('tells a filter that is made later on the next wait, in pages', async () => {
    await using watcher = await watch(vcenter, session, ['name'])
    await watcher.next()
    const { folder } = vcenter.hands.places
    const start = `<objectSet>${typed('obj', [folder.type, folder.value])}</objectSet>`
    const spec = `<spec><propSet><type>Folder</type><pathSet>name</pathSet></propSet>${start}</spec><partialUpdates>true</partialUpdates>`
    const filter = returned(await session.call('CreateFilter', session.collector(), spec))
    expect(await watcher.next()).toEqual([{ kind: 'enter', object: folder.value, name: 'name', value: 'vm' }])
    await session.call('DestroyPropertyFilter', ['PropertyFilter', filter])
    const ids = await Promise.all(
      Array.from({ length: 4 }, async (_, n) => await vcenter.hands.createMachine({ name: `page-${n}` })),
    )
    const options = '<options><maxObjectUpdates>3</maxObjectUpdates></options>'
    const page = async (version: string): Promise<string> =>
      await session.call('WaitForUpdatesEx', session.collector(), `<version>${version}</version>${options}`)
    const one = await page(watcher.version())
    expect(one.match(/<objectSet>/g)).toHaveLength(3)
    expect(one).toContain('<truncated>true</truncated>')
    const version = /<version>(\d+)</.exec(one)?.[1] ?? ''
    const two = await page(version)
    const told = ids.filter((id) => `${one}${two}`.includes(`>${id}<`))
    expect(told).toEqual(ids)
    expect(await page(version)).toBe(two)
  })

  it('ends a wait that the client cancels, and one that another takes over', async () => {
    await using watcher = await watch(vcenter, session, ['name'])
    await watcher.next()
    const isWaiting = async (): Promise<void> => {
      await expect.poll(() => vcenter.proxy.calls({ method: 'WaitForUpdatesEx' }).at(-1)?.outcome).toBe('open')
    }
    const canceled = expect(watcher.next()).rejects.toThrow('RequestCanceled')
    await isWaiting()
    await session.call('CancelWaitForUpdates', session.collector())
    await canceled
    const replaced = expect(watcher.next()).rejects.toThrow('RequestCanceled')
    await isWaiting()
    expect(await watcher.next(0)).toEqual([])
    await replaced
  })

  it('keeps up with 64 clones at once', async () => {
    await using watcher = await watch(vcenter, session, ['name', 'config.extraConfig', 'runtime.powerState'])
    await watcher.next()
    const startedAt = performance.now()
    const tasks = Array.from({ length: 64 }, async (_, n) =>
      returned(await session.call('CloneVM_Task', vm(source), cloneContent(vcenter, `many-${n}`))),
    )
    const done = new Set<string>()
    const open = new Set<string>()
    for (const task of tasks) void task.then((id) => open.add(id))
    while (done.size < 64) {
      for (const { object, name, value } of await watcher.next()) {
        if (name === 'info.state' && value === 'success' && /task/.test(object)) done.add(object)
      }
    }
    await Promise.all(tasks)
    expect([...open].every((id) => done.has(id))).toBe(true)
    console.log(`64 clones watched to their end in ${Math.round(performance.now() - startedAt)} ms (${govmomi})`)
  })
})
