import type { HypervisorDriver } from '@vmunit/core'

/** A driver for vSphere: the parts that are there are not optional. */
export interface VsphereDriver extends HypervisorDriver {
  readonly changes: NonNullable<HypervisorDriver['changes']>
  readonly readdress: NonNullable<HypervisorDriver['readdress']>
  readonly snapshots: NonNullable<HypervisorDriver['snapshots']>
  readonly limits: NonNullable<HypervisorDriver['limits']>
  readonly diagnostics: NonNullable<HypervisorDriver['diagnostics']>
}
