import type { HypervisorDriver, LimitCost, LimitedAction, Plain } from '@vmunit/core'
import type { VsphereLimits, VspherePlacement } from './options.ts'

/** What is known without configuration: VMware's figures for vCenter and its hosts. */
export const DEFAULT_LIMITS = { operations: 640, hostUnits: 16, cloningHosts: 1, cloneUnits: 1 } as const

/**
 * What actions occupy: the endpoint with each, and a host with each clone. A clone counts where its image lies, so one
 * image bounds the whole fleet, however many hosts there are.
 */
export function createLimits(
  endpoint: string,
  limits: VsphereLimits = {},
  placement: VspherePlacement = {},
): NonNullable<HypervisorDriver['limits']> {
  const { operations = DEFAULT_LIMITS.operations, hostUnits = DEFAULT_LIMITS.hostUnits } = limits
  const { cloningHosts = DEFAULT_LIMITS.cloningHosts, cloneUnits = DEFAULT_LIMITS.cloneUnits } = limits
  const always: LimitCost = { resource: `${endpoint} operations`, units: 1, capacity: operations }
  return {
    cost(action: LimitedAction, where: Plain): readonly LimitCost[] {
      if (action !== 'create') return [always]
      const host = hostIn(where) ?? placement.host
      const clones: LimitCost =
        host === undefined
          ? { resource: `${endpoint} clones`, units: cloneUnits, capacity: hostUnits * cloningHosts }
          : { resource: `${endpoint} ${host}`, units: cloneUnits, capacity: hostUnits }
      return [always, clones]
    },
  }
}

function hostIn(placement: Plain): string | undefined {
  const host: unknown = typeof placement === 'object' && placement !== null ? Reflect.get(placement, 'host') : undefined
  return typeof host === 'string' ? host : undefined
}
