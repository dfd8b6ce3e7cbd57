/** A secret, or how to get it: read when it is used, and kept nowhere. */
export type Secret = string | (() => string | Promise<string>)

export async function readSecret(secret: Secret): Promise<string> {
  return typeof secret === 'string' ? secret : await secret()
}
