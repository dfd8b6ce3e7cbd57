import type { Principal } from '../domain/principal.ts'
import type { Call } from './call.ts'

/** Proves who somebody is against an external directory. Rejects with `ERR_UNAUTHENTICATED`. */
export interface Authenticator {
  authenticate(name: string, secret: string, call?: Call): Promise<Principal>
}
