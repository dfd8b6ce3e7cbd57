import type { AddressPool } from '../../ports/address-pool.ts'
import type { Closeable } from '../../ports/call.ts'
import type { GuestAccess } from '../../ports/guest-access.ts'
import type { HypervisorDriver } from '../../ports/hypervisor-driver.ts'
import type { LoadBalancer } from '../../ports/load-balancer.ts'
import type { WorldAdmin } from './admin.ts'

/**
 * A simulated world: a hypervisor, its guests, a load balancer and an address pool, which remember every call.
 *
 * Closing a port closes that port only. Closing the world closes its ports and those of the worlds that `as` gave;
 * another connection to the same world goes on.
 */
export interface World extends Closeable {
  readonly hypervisor: HypervisorDriver
  readonly guests: GuestAccess
  readonly balancer: LoadBalancer
  /** Knows the networks that the options name. */
  readonly addresses: AddressPool
  readonly admin: WorldAdmin
  /** The same world with new ports, whose calls stand in the log under another name. */
  as(caller: string): World
  /** Ends a world process, after everything is in its file; in process it does what `close` does. */
  stop(): Promise<void>
}
