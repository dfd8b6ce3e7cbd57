import type { Principal } from '../domain/principal.ts'
import type { EngineOptions } from '../engine/engine-options.ts'
import type { AccessOptions } from './access-options.ts'

/** What the records of a manager work with, in the name of one principal. */
export interface ManagerContext {
  readonly principal: Principal
  readonly ports: Pick<EngineOptions, 'store' | 'hypervisors' | 'balancers' | 'unitBalancers' | 'guests' | 'clock'>
  readonly access: AccessOptions
}
