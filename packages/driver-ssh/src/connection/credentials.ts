/** Text that must not be seen, or a function that gets it when it is needed. */
export type Secret = string | (() => string | Promise<string>)

/** A private key in any format of OpenSSH, PEM or PuTTY, or a function that gets it when it is needed. */
export type PrivateKey = string | Uint8Array | (() => string | Uint8Array | Promise<string | Uint8Array>)

/** Who logs in, and how. What is given is tried in the order key, agent, password. */
export interface SshCredentials {
  readonly username: string
  readonly privateKey?: PrivateKey | undefined
  /** For a private key that is encrypted. */
  readonly passphrase?: Secret | undefined
  /** The socket of an SSH agent, usually `process.env.SSH_AUTH_SOCK`. */
  readonly agent?: string | undefined
  /** Also given as the answer when the server asks for it by the method keyboard-interactive. */
  readonly password?: Secret | undefined
}
