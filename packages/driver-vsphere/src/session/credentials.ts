import { VmunitError } from '../errors.ts'

/** A secret, or where it comes from: asked when it is needed, and not kept. */
export type Secret = string | (() => string | Promise<string>)

/** Who logs in. */
export interface Credentials {
  readonly username: string
  readonly password: Secret
}

/** The secret itself. */
export async function readSecret(secret: Secret): Promise<string> {
  const value = typeof secret === 'string' ? secret : await secret()
  if (typeof value !== 'string') {
    throw new VmunitError('ERR_UNAUTHENTICATED', 'The password function gave no text: let it return the password.')
  }
  return value
}
