import type { Creations } from './creations.ts'
import type { HostLoss } from './host-loss.ts'
import type { Limits } from './limits.ts'
import type { Platform } from './platform.ts'
import type { Reference } from './soap.ts'
import type { Upstream } from './upstream.ts'
import type { Views } from './views.ts'

/** What the handlers that even out vcsim work with. */
export interface Gaps {
  readonly upstream: Upstream
  readonly platform: Platform
  readonly views: Views
  readonly creations: Creations
  readonly hosts: HostLoss
  readonly limits: Limits
  /** The port groups by which adapters are named, in the order of the adapters. */
  readonly networks: readonly string[]
  /** A folder for machines. */
  readonly folder: Reference
  /** Whether it is a single ESXi host, which knows no clones. */
  readonly isEsx: boolean
}
