/** What a guest is told about itself when it boots. */
export interface GuestSettings {
  readonly hostname: string
  /** Loopback addresses. `sshd` listens on the first, the application on all. */
  readonly addresses: readonly [string, ...string[]]
  /** Who this machine is: a guest whose disk was booted as another machine makes new host keys. */
  readonly identity: string
  /** Public keys, as lines of an `authorized_keys` file, by the user who may come with them. */
  readonly authorizedKeys: Readonly<Record<string, readonly string[]>>
  /** Default: `ed25519` alone. */
  readonly hostKeyTypes?: readonly ('ed25519' | 'ecdsa' | 'rsa')[] | undefined
  /** Keeps the host keys that are on the disk, as a badly made template does. */
  readonly reuseHostKeys?: boolean | undefined
  /** Where `sshd` listens. Default 22. */
  readonly port?: number | undefined
  /** Where the application listens. Default 8080. */
  readonly applicationPort?: number | undefined
  /** A password of `deploy` and `root`; without it none is accepted. */
  readonly password?: string | undefined
  /** More lines for `sshd_config`. */
  readonly sshd?: readonly string[] | undefined
}
