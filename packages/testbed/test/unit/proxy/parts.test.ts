import { describe, expect, it } from 'vitest'
import { createCallLog } from '../../../src/proxy/call-log.ts'
import { mergeOptions, writtenOptionsXml } from '../../../src/proxy/extra-config.ts'
import { createKeyedLock } from '../../../src/proxy/keyed-lock.ts'
import { createLimits } from '../../../src/proxy/limits.ts'
import { isMutating, needsSession } from '../../../src/proxy/methods.ts'
import { createTurns } from '../../../src/proxy/turns.ts'

const open = { target: undefined, userAgent: 'a', operationId: undefined, session: undefined, machine: undefined }

describe('the log of calls', () => {
  it('counts and filters from a mark on', () => {
    const log = createCallLog()
    log.begin({ ...open, method: 'Login', mutating: false }).end()
    const mark = log.mark()
    const call = log.begin({ ...open, method: 'CloneVM_Task', mutating: true })
    expect(log.calls({ since: mark })).toMatchObject([{ method: 'CloneVM_Task', outcome: 'open' }])
    call.note({ created: 'vm-1' })
    call.end({ outcome: 'lost' })
    call.end({ outcome: 'ok' })
    expect(log.calls({ mutating: true })).toMatchObject([{ seq: 2, outcome: 'lost', created: 'vm-1' }])
    expect(log.counts()).toEqual({ Login: 1, CloneVM_Task: 1 })
    expect(log.count({ method: /_Task$/, userAgent: /^a$/ })).toBe(1)
    expect(log.count({ userAgent: /b/ })).toBe(0)
  })

  it('tells who listens, until they stop', () => {
    const log = createCallLog()
    const heard: string[] = []
    const stop = log.onCall(({ method, outcome }) => heard.push(`${method} ${outcome}`))
    log.begin({ ...open, method: 'A', mutating: false }).end()
    stop()
    log.begin({ ...open, method: 'B', mutating: false }).end()
    expect(heard).toEqual(['A open', 'A ok'])
  })
})

describe('methods', () => {
  it('change the platform unless they are known not to', () => {
    const harmless = ['RetrievePropertiesEx', 'WaitForUpdatesEx', 'FindChild', 'Login', 'CreateFilter', 'DestroyView']
    expect(harmless.filter(isMutating)).toEqual([])
    const changing = ['CloneVM_Task', 'MarkAsTemplate', 'ShutdownGuest', 'CreateFolder', 'Destroy_Task', 'SomethingNew']
    expect(changing.filter((method) => !isMutating(method))).toEqual([])
    expect(['Login', 'RetrieveServiceContent'].some(needsSession)).toBe(false)
    expect(needsSession('RetrievePropertiesEx')).toBe(true)
  })
})

describe('extra configuration', () => {
  it('is written over by key, and taken out by an empty value', () => {
    expect(mergeOptions({ a: '1', b: '2' }, { b: '', c: '3' })).toEqual({ a: '1', c: '3' })
  })

  it('is written as the version of vcsim needs it', () => {
    expect(writtenOptionsXml({ a: '1' }, { b: '', a: '' }, false)).toBe(
      '<extraConfig xsi:type="OptionValue"><key>a</key><value xsi:type="xsd:string"></value></extraConfig>',
    )
    const all = writtenOptionsXml({ a: '1' }, { b: '2' }, true)
    expect(all).toContain('<key>SET.config.extraConfig</key><value xsi:type="ArrayOfOptionValue">')
    expect(all.match(/<OptionValue /g)).toHaveLength(2)
  })
})

describe('limits', () => {
  it('let in as many as there are places, and know the most that ever ran', () => {
    const limits = createLimits()
    limits.set({ operations: 2, perHost: 1 })
    const first = limits.enter('host-1')!
    expect(limits.enter('host-1')).toBeUndefined()
    const second = limits.enter('host-2')!
    expect(limits.enter(undefined)).toBeUndefined()
    first()
    first()
    expect(limits.enter('host-1')).toBeDefined()
    expect(limits.enter('host-1')).toBeUndefined()
    second()
    expect(limits.peaks()).toEqual({ operations: 2, hosts: { 'host-1': 1, 'host-2': 1 } })
  })
})

describe('a lock by key', () => {
  it('does one after another, also after a failure, and different keys at once', async () => {
    const lock = createKeyedLock()
    const order: string[] = []
    const gate = Promise.withResolvers<void>()
    const first = lock.hold('a', async () => {
      await gate.promise
      order.push('first')
      throw new Error('failed')
    })
    const second = lock.hold('a', async () => {
      order.push('second')
    })
    await lock.hold('b', async () => {
      order.push('other')
    })
    gate.resolve()
    await expect(first).rejects.toThrow('failed')
    await second
    expect(order).toEqual(['other', 'first', 'second'])
  })
})

describe('turns', () => {
  it('let changes run together, and looks when no change is half done', async () => {
    const turns = createTurns()
    const order: string[] = []
    const gate = Promise.withResolvers<void>()
    const change = async (name: string) =>
      await turns.change(async () => {
        order.push(`begin ${name}`)
        await gate.promise
        // Work inside of a change needs no turn, also while somebody waits to look.
        await turns.change(async () => order.push(`inside ${name}`))
      })
    const changes = [change('a'), change('b')]
    const looks = turns.look(async () => order.push('look'))
    const late = turns.change(async () => order.push('late'))
    gate.resolve()
    await Promise.all([...changes, looks, late])
    expect(order.slice(0, 2)).toEqual(['begin a', 'begin b'])
    expect(order.slice(2, 4).toSorted()).toEqual(['inside a', 'inside b'])
    expect(order.slice(4)).toEqual(['look', 'late'])
  })

  it('count changes and tell of them, until nobody listens', async () => {
    const turns = createTurns()
    const heard: number[] = []
    const stop = turns.onChange(() => heard.push(turns.changes()))
    await expect(
      turns.change(async () => {
        throw new Error('failed')
      }),
    ).rejects.toThrow('failed')
    turns.touch()
    stop()
    turns.touch()
    expect(heard).toEqual([1, 2])
    expect(turns.changes()).toBe(3)
  })
})
