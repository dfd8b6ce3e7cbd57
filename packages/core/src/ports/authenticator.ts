import type { Principal } from '../domain/principal.ts'
import type { Call } from './call.ts'

/**
 * An external directory that knows people and their rights (the manual's JP1/Base mode).
 *
 * A manager that has one keeps no accounts: names, secrets and rights come from here, and the ownership of units does
 * not count.
 */
export interface Authenticator {
  /**
   * Proves who somebody is. A builder gets what `grants` says; without grants, nothing.
   *
   * Rejects with `ERR_UNAUTHENTICATED`, for an unknown name too. Never puts the secret into an error.
   */
  authenticate(name: string, secret: string, call?: Call): Promise<Principal>
}
