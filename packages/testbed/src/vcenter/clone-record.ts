import type { DirectClient } from '../proxy/direct-client.ts'
import { referenceXml } from '../proxy/soap.ts'

/** What vCenter's events say about where machines come from. */
export interface CloneRecord {
  /** The machine that another one was cloned from; undefined for a machine that is no clone. */
  sourceOf(machine: string): Promise<string | undefined>
}

/**
 * Reads the `VmClonedEvent` of machines.
 *
 * `seen` is what the testbed saw of clones itself, for events that vcsim has dropped from its short memory.
 */
export function createCloneRecord(direct: DirectClient, seen: ReadonlyMap<string, string>): CloneRecord {
  const known = new Map<string, string>()

  const fromEvent = async (machine: string): Promise<string | undefined> => {
    const eventManager = (await direct.content()).get('eventManager')
    if (eventManager === undefined) return undefined
    const entity = referenceXml('entity', { type: 'VirtualMachine', value: machine })
    const place = `<entity>${entity}<recursion>self</recursion></entity>`
    const filter = `<filter>${place}<eventTypeId>VmClonedEvent</eventTypeId></filter>`
    // A single ESXi host keeps no events, and makes no clones.
    const xml = await direct.call('QueryEvents', eventManager, filter).catch(() => '')
    return /<sourceVm>.*?<vm type="VirtualMachine">([^<]+)<\/vm><\/sourceVm>/.exec(xml)?.[1]
  }

  return {
    sourceOf: async (machine) => {
      const source = known.get(machine) ?? (await fromEvent(machine)) ?? seen.get(machine)
      if (source !== undefined) known.set(machine, source)
      return source
    },
  }
}
