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
