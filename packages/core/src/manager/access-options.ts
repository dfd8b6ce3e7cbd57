import * as z from 'zod'
import { schemas } from '../domain/parsers.ts'
import type { Parser } from '../domain/plain.ts'
import type { Authenticator } from '../ports/index.ts'
import { parseInput } from './parse-input.ts'

/** What decides who may come in, and how much there may be. */
export interface AccessOptions {
  /** The name of the administrator's account. */
  readonly administrator: string
  /** Where names, secrets and rights come from instead of local accounts. */
  readonly directory: Authenticator | undefined
  readonly minPasswordLength: number
  readonly maxUnits: number
}

interface GivenOptions {
  readonly administrator?: string | undefined
  readonly authenticator?: Authenticator | undefined
  readonly minPasswordLength?: number | undefined
  readonly maxUnits?: number | undefined
}

const parser: Parser<Omit<AccessOptions, 'directory'>> = z.object({
  administrator: schemas.name.default('admin'),
  minPasswordLength: z.int().min(1).max(128).default(8),
  maxUnits: z.int().min(1).default(1_000),
})

/** The options of a manager that concern access, with their defaults. Throws `ERR_INVALID_INPUT`. */
export function accessOptions({ authenticator: directory, ...given }: GivenOptions): AccessOptions {
  return { ...parseInput(parser, given, 'createManager'), directory }
}
