import type * as z from 'zod'
import type { FileIssue } from '../issues.ts'
import { suggestion } from '../suggestion.ts'
import { type Property, secretOf } from './parse-properties.ts'

/** The values of a property file that has a schema, or its problems in the order of the lines. */
export interface Fields<T> {
  readonly values: T | undefined
  readonly issues: readonly FileIssue[]
}

export interface FieldsFile {
  /** How issues call it. */
  readonly file: string
  /** Keys of which no value stands in an issue. */
  readonly secrets?: readonly string[] | undefined
}

/** Reads the properties of a file as `schema` has them; every problem gets the line of its key, or line 1. */
export function readFields<T>(
  schema: z.ZodObject & z.ZodType<T>,
  properties: readonly Property[],
  { file, secrets = [] }: FieldsFile,
): Fields<T> {
  const result = schema.safeParse(Object.fromEntries(properties.map(({ key, value }) => [key, value])))
  if (result.success) return { values: result.data, issues: [] }
  const lines = new Map(properties.map(({ key, line }) => [key, line]))
  const known = Object.keys(schema.shape)
  const issues = result.error.issues.flatMap((issue): readonly FileIssue[] => {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : issue.path.map(String)
    return keys.map((key) => {
      const unknown = issue.code === 'unrecognized_keys'
      const message = unknown ? unknownKey(key, known, secrets) : `${key} ${issue.message}`
      return { path: file, line: lines.get(key) ?? 1, message }
    })
  })
  return { values: undefined, issues }
}

/** In the order of the lines. */
export function byLine(issues: readonly FileIssue[]): readonly FileIssue[] {
  return issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
}

function unknownKey(key: string, known: readonly string[], secrets: readonly string[]): string {
  const secret = secretOf(key, secrets)
  if (secret !== undefined) return `a key begins like ${secret} but is another one (write ${secret}=value)`
  return `unknown key ${key}${suggestion(key, known)}`
}
