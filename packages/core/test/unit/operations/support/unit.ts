import type { ManagementUnit, ServerGroup, VirtualServer } from '../../../../src/domain/management-unit.ts'
import type { Tier } from '../../../../src/domain/tier.ts'
import { tierOf } from '../../../support/memory-definition.ts'

/** A web tier behind a balancer that starts after an application tier without one. */
export const TIERS: readonly Tier[] = [
  tierOf({ id: 'app', type: 'j2ee-tier', startOrder: 1, template: 'app-base' }),
  tierOf({ id: 'web', type: 'http-tier', startOrder: 2, template: 'web-base', pool: 'pool' }),
]

/** A server that works and gets traffic, unless it is said to be otherwise. */
export function serverOf(slot: string, change: Partial<VirtualServer> = {}): VirtualServer {
  const [, tierId = 'web'] = slot.split('/')
  return {
    slot,
    address: '192.168.1.101',
    port: 20580,
    tierId,
    machine: { id: `vm-${slot}`, operationId: `run/${slot}#1` },
    templateVersion: 1,
    status: 'working',
    traffic: 'in',
    ...change,
  }
}

export function groupOf(name: string, servers: readonly VirtualServer[]): ServerGroup {
  return { name, unit: 'gyoumu_a', servers, quarantine: [] }
}

export function unitWith(groups: readonly ServerGroup[], change: Partial<ManagementUnit> = {}): ManagementUnit {
  return {
    name: 'gyoumu_a',
    owner: 'user_a',
    description: '業務',
    hypervisor: 'main',
    tiers: TIERS,
    groups,
    ...change,
  }
}
