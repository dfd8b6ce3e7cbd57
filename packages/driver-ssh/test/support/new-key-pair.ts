import ssh2 from 'ssh2'

/** How the private key is encrypted. */
export interface KeyEncryption {
  readonly passphrase: string
  readonly cipher: string
  readonly rounds: number
}

/** An Ed25519 key pair. ssh2 makes one in 256 that nobody can read, because it leaves out a leading zero. */
export function newKeyPair(encryption?: KeyEncryption): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', encryption)
    if (!(ssh2.utils.parseKey(pair.public) instanceof Error)) return pair
  }
}
