import { describe, expect, it } from 'vitest'
import { connectVsphere } from '../../src/index.ts'
import { objectElement, scriptedTransport } from '../support/scripted-transport.ts'

/** An object that was deleted after the collector came to it and before its properties were read. */
function goneObject(type: string, id: string): string {
  const fault = `<fault><fault xsi:type="ManagedObjectNotFound"><obj type="${type}">${id}</obj></fault><localizedMessage/></fault>`
  const missing = ['name', 'runtime.connectionState'].map(
    (path) => `<missingSet><path>${path}</path>${fault}</missingSet>`,
  )
  return `<objects><obj type="${type}">${id}</obj>${missing.join('')}</objects>`
}

describe('a host that does not answer', () => {
  it('is told of, unless vCenter itself put it to sleep: nothing goes on there', async () => {
    const host = (name: string, powerState: string): string =>
      objectElement('HostSystem', name, {
        name,
        'runtime.connectionState': 'notResponding',
        'runtime.powerState': powerState,
      })
    const transport = scriptedTransport(({ method }) =>
      method === 'RetrievePropertiesEx'
        ? `<returnval>${host('lost', 'unknown')}${host('asleep', 'standBy')}</returnval>`
        : '',
    )
    await using driver = await connectVsphere({ transport })
    expect((await driver.inventory({})).blind).toEqual(['lost'])
  })
})

describe('a look at an inventory in which something goes meanwhile', () => {
  it('shows neither a machine that went, nor a host that went as one that does not answer', async () => {
    const transport = scriptedTransport(({ method }) => {
      if (method !== 'RetrievePropertiesEx') return ''
      const root = objectElement('Folder', 'group-d1', { name: 'Datacenters' })
      return `<returnval>${root}${goneObject('VirtualMachine', 'vm-9')}${goneObject('HostSystem', 'host-9')}</returnval>`
    })
    await using driver = await connectVsphere({ transport })
    expect(await driver.inventory({})).toEqual({ machines: [], blind: [] })
  })
})
