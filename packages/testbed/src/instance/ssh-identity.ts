import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runChecked } from '../processes/run-program.ts'

/** A key pair with which one comes into the guests of a testbed. */
export interface SshIdentity {
  /** The private key, as text that begins with `-----BEGIN OPENSSH PRIVATE KEY-----`. */
  readonly privateKey: string
  /** The public key, as a line of an `authorized_keys` file. */
  readonly publicKey: string
  /** The file that holds the private key. */
  readonly file: string
}

/** Makes a key pair in a directory. */
export async function createSshIdentity(directory: string, signal?: AbortSignal): Promise<SshIdentity> {
  const file = join(directory, 'id_ed25519')
  await runChecked(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'testbed', '-f', file], { signal })
  await chmod(file, 0o600)
  const [privateKey, publicKey] = await Promise.all([readFile(file, 'utf8'), readFile(`${file}.pub`, 'utf8')])
  return { privateKey, publicKey: publicKey.trim(), file }
}
