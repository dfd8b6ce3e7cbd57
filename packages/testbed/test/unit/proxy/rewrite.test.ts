import { describe, expect, it } from 'vitest'
import { readUpdates, rewriteProperties, withAllMissing } from '../../../src/proxy/rewrite.ts'
import { envelope } from '../../../src/proxy/soap.ts'
import { createViews, lostMachine, refusedTask, runningTask, withoutConfig } from '../../../src/proxy/views.ts'

const prop = (name: string, val: string): string => `<propSet><name>${name}</name><val>${val}</val></propSet>`
const machine = { type: 'VirtualMachine', value: 'vm-1' }
const task = { type: 'Task', value: 'task-1' }

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

describe('updates', () => {
  const change = (name: string, val: string): string =>
    `<changeSet><name>${name}</name><op>assign</op><val>${val}</val></changeSet>`
  const update = (kind: string, object: string, changes: string): string =>
    `<objectSet><kind>${kind}</kind><obj ${object}</obj>${changes}</objectSet>`
  const answer = (sets: string, end = ''): string =>
    envelope(
      `<WaitForUpdatesExResponse xmlns="urn:vim25"><returnval><version>-</version>${sets}${end}</returnval></WaitForUpdatesExResponse>`,
    )
  const vm1 = 'type="VirtualMachine">vm-1'

  it('lose what is hidden: an object still enters, and a change of nothing is none', () => {
    const views = createViews()
    views.set(machine, withoutConfig)
    views.set(task, runningTask)
    const xml = answer(
      `<filterSet><filter type="PropertyFilter">f1</filter>${update('enter', vm1, change('config', 'c'))}${update('modify', vm1, change('config', 'c'))}${update('modify', 'type="Task">task-1', change('info.result', 'vm-1') + change('info.state', 'success'))}</filterSet><filterSet><filter type="PropertyFilter">f2</filter>${update('modify', vm1, change('config.uuid', 'c'))}</filterSet>`,
    )
    const read = readUpdates(xml, views)!
    expect([...read.filters.keys()]).toEqual(['f1'])
    expect(read.filters.get('f1')).toEqual([
      update('enter', vm1, ''),
      update('modify', 'type="Task">task-1', change('info.state', 'running')),
    ])
    expect(read.truncated).toBe(false)
  })

  it('say when there is more, and when there is nothing', () => {
    expect(readUpdates(answer('', '<truncated>true</truncated>'), createViews())).toEqual({
      filters: new Map(),
      truncated: true,
    })
    expect(
      readUpdates(envelope('<WaitForUpdatesExResponse xmlns="urn:vim25"></WaitForUpdatesExResponse>'), createViews()),
    ).toBeUndefined()
  })
})
