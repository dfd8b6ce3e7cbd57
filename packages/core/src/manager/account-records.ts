import * as z from 'zod'
import { schemas } from '../domain/parsers.ts'
import type { Parser } from '../domain/plain.ts'
import { keys } from '../engine/documents.ts'
import type { PasswordHash } from '../internal/password-hash.ts'
import type { Call, StateStore } from '../ports/index.ts'

/** An account as it is stored. It is never handed out: see `Account`. */
export interface AccountRecord {
  readonly name: string
  readonly role: 'administrator' | 'builder'
  readonly createdAt: number
  readonly password: PasswordHash
  /** Who came in keeps this; another value here, or no account any more, ends what that person may do. */
  readonly session: string
}

export const accountParser: Parser<AccountRecord> = z.strictObject({
  name: schemas.name,
  role: z.enum(['administrator', 'builder']),
  createdAt: z.number(),
  password: z.strictObject({
    algorithm: z.literal('scrypt'),
    cost: z.int(),
    blockSize: z.int(),
    parallelization: z.int(),
    salt: z.string(),
    hash: z.string(),
  }),
  session: z.string(),
})

/** The account of that name, when there is one. */
export async function findAccount(
  store: StateStore,
  name: string,
  call: Call = {},
): Promise<AccountRecord | undefined> {
  const [document] = await store.get([keys.account(name)], call)
  return document === undefined ? undefined : accountParser.parse(document.value)
}
