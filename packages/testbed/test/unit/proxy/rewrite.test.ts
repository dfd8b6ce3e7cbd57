import { describe, expect, it } from 'vitest'
import { objectUpdates, type SeenObjects } from '../../../src/proxy/object-updates.ts'
import { rewriteProperties, withAllMissing } from '../../../src/proxy/rewrite.ts'
import { envelope } from '../../../src/proxy/soap.ts'
import { createViews, lostMachine, refusedTask, runningTask, withoutConfig } from '../../../src/proxy/views.ts'

const prop = (name: string, val: string): string => `<propSet><name>${name}</name><val>${val}</val></propSet>`
const machine = { type: 'VirtualMachine', value: 'vm-1' }

const whole = envelope(
  `<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects><obj type="VirtualMachine">vm-1</obj>${prop('name', 'a')}${prop('config', 'c')}${prop('config.extraConfig["k"]', 'v')}${prop('configIssue', 'kept')}${prop('summary', '<vm/><config>x</config><rest/>')}</objects><objects><obj type="VirtualMachine">vm-2</obj>${prop('config', 'other')}</objects></returnval></RetrievePropertiesExResponse>`,
)

describe('answers as clients see them', () => {
  it('are the same text when nothing in them is hidden', () => {
    const views = createViews()
    expect(rewriteProperties(whole, views)).toBe(whole)
    views.set({ type: 'VirtualMachine', value: 'vm-9' }, withoutConfig)
    expect(rewriteProperties(whole, views)).toBe(whole)
  })

  it('show a machine without its configuration, and everything else as it is', () => {
    const views = createViews()
    views.set(machine, withoutConfig)
    const shown = rewriteProperties(whole, views)
    expect(shown).toContain(
      `vm-1</obj>${prop('name', 'a')}${prop('configIssue', 'kept')}${prop('summary', '<vm/><rest/>')}</objects>`,
    )
    expect(shown).toContain(prop('config', 'other'))
    views.delete(machine)
    expect(rewriteProperties(whole, views)).toBe(whole)
  })

  it('of the older method are rewritten as well', () => {
    const views = createViews()
    views.set(machine, lostMachine)
    const old = envelope(
      `<RetrievePropertiesResponse xmlns="urn:vim25"><returnval><obj type="VirtualMachine">vm-1</obj>${prop('config.uuid', 'u')}${prop('runtime.connectionState', 'connected')}</returnval></RetrievePropertiesResponse>`,
    )
    const shown = rewriteProperties(old, views)
    expect(shown).not.toContain('config.uuid')
    expect(shown).toContain(prop('runtime.connectionState', 'disconnected'))
  })

  it('can have everything missing', () => {
    const shown = withAllMissing(whole)
    expect(shown).not.toContain('<propSet>')
    expect(shown.match(/<missingSet>/g)).toHaveLength(6)
    expect(shown).toContain('<path>config.extraConfig["k"]</path>')
  })
})

const info =
  '<key>task-1</key><name>CloneVm</name><entity type="VirtualMachine">vm-0</entity><state>success</state><result>vm-1</result><completeTime>t</completeTime>'

describe('a task', () => {
  it('shows as running', () => {
    expect(runningTask('info', `<val>${info}</val>`)).toBe(
      '<val><key>task-1</key><name>CloneVm</name><entity type="VirtualMachine">vm-0</entity><state>running</state></val>',
    )
    expect(runningTask('info.state', '<val x="y">success</val>')).toBe('<val x="y">running</val>')
    expect(runningTask('info.result', '<val>vm-1</val>')).toBeUndefined()
  })

  it('shows the failure that vCenter would give', () => {
    const view = refusedTask({
      fault: 'DuplicateName',
      fields: '<name>$1 x</name>',
      name: 'CloneVM_Task',
      entity: machine,
    })
    const failed =
      '<val><name>CreateVm</name><entity type="Folder">f</entity><state>error</state><error><fault>old</fault></error></val>'
    expect(view('info', failed)).toMatch(
      /<name>CloneVM_Task<.*<entity type="VirtualMachine">vm-1<.*<error><fault [^>]*"DuplicateName"><name>\$1 x</,
    )
    expect(view('info.error', '<val><fault>old</fault></val>')).toContain('xsi:type="DuplicateName"')
    expect(view('info.state', '<val>error</val>')).toBe('<val>error</val>')
  })
})

describe('what is new to a client', () => {
  const seen = (entries: Readonly<Record<string, Readonly<Record<string, string>>>>): SeenObjects =>
    new Map(
      Object.entries(entries).map(([value, properties]) => [
        value,
        { reference: { type: 'VirtualMachine', value }, properties: new Map(Object.entries(properties)) },
      ]),
    )
  const update = (kind: string, value: string, changes: string): string =>
    `<objectSet><kind>${kind}</kind><obj type="VirtualMachine">${value}</obj>${changes}</objectSet>`
  const change = (name: string, val: string): string =>
    `<changeSet><name>${name}</name><op>assign</op>${val}</changeSet>`

  it('is what enters, what changes, what becomes unset, and what leaves', () => {
    const before = seen({ same: { a: '<val>1</val>' }, changed: { a: '<val>1</val>', b: '<val>2</val>' }, gone: {} })
    const now = seen({ same: { a: '<val>1</val>' }, changed: { a: '<val>3</val>' }, fresh: { a: '<val>1</val>' } })
    expect(objectUpdates(before, now)).toEqual([
      update('modify', 'changed', change('a', '<val>3</val>') + change('b', '')),
      update('enter', 'fresh', change('a', '<val>1</val>')),
      update('leave', 'gone', ''),
    ])
    expect(objectUpdates(now, now)).toEqual([])
  })
})
