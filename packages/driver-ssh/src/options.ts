import type { PrivateKey, Secret, SshCredentials } from './connection/credentials.ts'
import type { SshLimits } from './connection/limits.ts'
import type { HostKeySources } from './host-keys/expected-keys.ts'

/** A server that connections go through. What is left out of its credentials is that of the access. */
export interface JumpHost extends Partial<SshCredentials> {
  readonly address: string
  /** @defaultValue 22 */
  readonly port?: number | undefined
  /** Its public keys as `algorithm base64`; left out, `pins` and `knownHosts` are asked. */
  readonly hostKeys?: readonly string[] | undefined
}

/** How servers are reached over SSH. */
export interface SshAccessOptions extends SshCredentials, HostKeySources, SshLimits {
  /** Of servers that name none. @defaultValue 22 */
  readonly port?: number | undefined
  /** Servers to go through, the nearest first. They share one connection for all guests. */
  readonly jump?: JumpHost | readonly JumpHost[] | undefined
  /**
   * Where a guest keeps jobs, an absolute path. @defaultValue `/var/lib/vmunit` for root, `.vmunit` in the home
   * directory for others
   */
  readonly stateDirectory?: string | undefined
  /**
   * How `push` makes sure that what arrived is what was sent: `hash` reads every new file back in the guest, `size`
   * trusts the transport for the bytes. Either way, bytes that are not what the tree says are refused.
   *
   * @defaultValue `hash`
   */
  readonly verify?: 'hash' | 'size' | undefined
}

/**
 * Finds mistakes that a caller in plain JavaScript can make, before anything is connected.
 *
 * @throws TypeError that names the option.
 */
export function checkOptions(options: SshAccessOptions): void {
  const { username, verify, stateDirectory } = options
  if (typeof username !== 'string' || username === '') throw new TypeError('username must be the name of an account.')
  const ways: readonly (PrivateKey | Secret | undefined)[] = [options.privateKey, options.agent, options.password]
  if (ways.every((way) => way === undefined)) {
    throw new TypeError('There is no way to log in: give privateKey, agent or password.')
  }
  if (verify !== undefined && verify !== 'hash' && verify !== 'size') {
    throw new TypeError('verify must be "hash" or "size".')
  }
  if (stateDirectory !== undefined && !stateDirectory.startsWith('/')) {
    throw new TypeError('stateDirectory must be an absolute path.')
  }
}
