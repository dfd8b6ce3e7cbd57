import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { connectVsphere, type VsphereDriver } from '../../src/index.ts'
import { writeMarker } from '../../src/machines/bound-json.ts'
import { objectElement, scriptedTransport } from '../support/scripted-transport.ts'

const MARKER = { manager: 'm', unit: 'u', slot: 'g/web/0', operationId: 'run/step#1' }
const MACHINE = objectElement('VirtualMachine', 'vm-1', {
  name: 'web-1',
  'runtime.powerState': 'poweredOn',
  'runtime.connectionState': 'connected',
  'config.instanceUuid': 'u-1',
  'config.extraConfig["vmunit.marker"]': `<key>vmunit.marker</key><value>${writeMarker(MARKER, 'u-1')}</value>`,
})

/** A vCenter that, as the real one does, gives back what it cannot put on a list instead of refusing the list. */
async function withUnresolved(work: (driver: VsphereDriver) => Promise<void>): Promise<void> {
  const transport = scriptedTransport(async ({ method, body }) => {
    switch (method) {
      case 'RetrievePropertiesEx':
        return `<returnval>${MACHINE}</returnval>`
      case 'CreateListView':
        return '<returnval type="ListView">list-1</returnval>'
      case 'CreatePropertyCollector':
        return '<returnval type="PropertyCollector">collector-1</returnval>'
      case 'PowerOffVM_Task':
        return '<returnval type="Task">task-1</returnval>'
      case 'ModifyListView': {
        const added = [...body.matchAll(/<add type="(\w+)">([^<]+)<\/add>/g)]
        return added.map(([, type, id]) => `<returnval type="${type}">${id}</returnval>`).join('')
      }
      case 'WaitForUpdatesEx':
        await setImmediate()
        return ''
      default:
        return ''
    }
  })
  await using driver = await connectVsphere({ transport })
  await work(driver)
}

const OWNED = { id: 'vm-1', marker: MARKER }

describe('an object that vCenter does not know any more when it is to be awaited', () => {
  it('is a task that was forgotten: that is said at once', async () => {
    await withUnresolved(async (driver) => {
      await expect(driver.power(OWNED, 'off')).rejects.toMatchObject({
        code: 'ERR_UNAVAILABLE',
        retryable: true,
        message: expect.stringContaining('has forgotten the task'),
      })
    })
  })

  it('is a machine that went: nobody waits for its guest for ever', async () => {
    await withUnresolved(async (driver) => {
      await expect(driver.power(OWNED, 'shutdown')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    })
  })
})
