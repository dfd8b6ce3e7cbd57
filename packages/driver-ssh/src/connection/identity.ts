import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2'
import { VmunitError } from '../errors.ts'
import type { Secret, SshCredentials } from './credentials.ts'

/** Gets the ways to log in, in the order in which they are tried. */
export type Identity = () => Promise<readonly AnyAuthMethod[]>

/**
 * Reads secrets whenever somebody logs in. A key is decrypted again only when it has changed: an encrypted one
 * costs a tenth of a second of computing.
 */
export function createIdentity(credentials: SshCredentials): Identity {
  const { username, privateKey, passphrase, agent, password } = credentials
  let last: { readonly material: Buffer; readonly passphrase: string | undefined; readonly key: ParsedKey } | undefined

  async function key(): Promise<ParsedKey | undefined> {
    if (privateKey === undefined) return undefined
    const material = Buffer.from(typeof privateKey === 'function' ? await privateKey() : privateKey)
    const secret = await read(passphrase)
    if (last === undefined || last.passphrase !== secret || !last.material.equals(material)) {
      last = { material, passphrase: secret, key: openKey(material, secret) }
    }
    return last.key
  }

  return async () => {
    const methods: AnyAuthMethod[] = []
    const opened = await key()
    if (opened !== undefined) methods.push({ type: 'publickey', username, key: opened })
    if (agent !== undefined) methods.push({ type: 'agent', username, agent })
    const secret = await read(password)
    if (secret !== undefined) {
      methods.push({ type: 'password', username, password: secret })
      methods.push({
        type: 'keyboard-interactive',
        username,
        prompt: (...[, , , prompts, finish]) =>
          // A prompt that shows what is typed does not ask for a password.
          finish(prompts.map((prompt) => (prompt.echo === true ? '' : secret))),
      })
    }
    return methods
  }
}

async function read(secret: Secret | undefined): Promise<string | undefined> {
  return typeof secret === 'function' ? await secret() : secret
}

function openKey(material: Buffer, passphrase: string | undefined): ParsedKey {
  const parsed = ssh2.utils.parseKey(material, passphrase)
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  if (key instanceof Error || key === undefined || !key.isPrivateKey()) {
    const why = key instanceof Error ? key.message : 'it is not a private key'
    throw new VmunitError(
      'ERR_UNAUTHENTICATED',
      `The private key cannot be used: ${why}. Check privateKey, and passphrase when it is encrypted.`,
    )
  }
  return key
}
