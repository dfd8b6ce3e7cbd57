import type { DirectClient } from './direct-client.ts'
import type { Reference } from './soap.ts'
import type { Turns } from './turns.ts'
import { lostMachine, notResponding, type Views } from './views.ts'
import { elementsIn, textOf } from './xml.ts'

/** Hosts that do not answer vCenter, and their machines. */
export interface HostLoss {
  /** Makes a host and its machines unreachable, or reachable again. */
  set(host: string, isLost: boolean): Promise<void>
  isLost(reference: Reference): boolean
  clear(): void
}

export interface HostLossOptions {
  readonly direct: DirectClient
  readonly views: Views
  readonly turns: Turns
}

export function createHostLoss({ direct, views, turns }: HostLossOptions): HostLoss {
  const lost = new Map<string, readonly Reference[]>()

  const machinesOf = async (host: string): Promise<readonly Reference[]> => {
    const [object] = await direct.read('HostSystem', ['vm'], [host])
    const list = object?.properties.get('vm') ?? ''
    return [...elementsIn(list)].map((element) => ({ type: 'VirtualMachine', value: textOf(list, element) }))
  }

  const lose = async (host: string): Promise<void> => {
    const machines = await machinesOf(host)
    lost.set(host, machines)
    views.set({ type: 'HostSystem', value: host }, notResponding)
    for (const machine of machines) views.set(machine, lostMachine)
    turns.touch()
  }

  const regain = (host: string): void => {
    const machines = lost.get(host) ?? []
    lost.delete(host)
    views.delete({ type: 'HostSystem', value: host })
    for (const machine of machines) views.delete(machine)
    turns.touch()
  }

  return {
    set: async (host, isLost) => {
      if (isLost === lost.has(host)) return
      if (isLost) await lose(host)
      else regain(host)
    },
    isLost: ({ type, value }) =>
      type === 'HostSystem' ? lost.has(value) : [...lost.values()].flat().some((machine) => machine.value === value),
    clear: () => {
      for (const host of [...lost.keys()]) regain(host)
    },
  }
}
