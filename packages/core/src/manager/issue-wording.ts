import type * as z from 'zod'
import { assertNever } from '../internal/assert-never.ts'

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a string',
  tuple: 'a list',
}

const FORMATS: Readonly<Record<string, string>> = { ipv4: 'an IPv4 address' }

/**
 * What a value has against it, in words of those who wrote the value. A schema that has a message of its own keeps it;
 * undefined leaves the message to the library that parses.
 */
export function issueWording(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing'
      return `must be ${kind(String(issue.expected))}, not ${kind(kindOf(issue.input))}`
    case 'invalid_value':
      if (issue.input === undefined) return 'is missing'
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${quoted(issue.values)}`
    case 'unrecognized_keys':
      return `knows no field ${quoted(issue.keys)}`
    case 'invalid_format':
      return FORMATS[issue.format] === undefined ? undefined : `must be ${FORMATS[issue.format]}`
    case 'too_small':
      return bound(issue.origin, { number: issue.minimum, least: true, isIncluded: issue.inclusive !== false })
    case 'too_big':
      return bound(issue.origin, { number: issue.maximum, least: false, isIncluded: issue.inclusive !== false })
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
      return undefined
    default:
      return assertNever(issue, 'kind of issue')
  }
}

interface Bound {
  readonly number: number | bigint
  readonly least: boolean
  readonly isIncluded: boolean
}

const PARTS: Readonly<Record<string, string>> = { string: 'character', array: 'item', set: 'item' }

function bound(origin: string, { number, least, isIncluded }: Bound): string {
  const part = PARTS[origin]
  if (part !== undefined) return `must have at ${least ? 'least' : 'most'} ${number} ${part}${number === 1 ? '' : 's'}`
  if (isIncluded) return `must be ${number} or ${least ? 'more' : 'less'}`
  return `must be ${least ? 'more' : 'less'} than ${number}`
}

function kind(name: string): string {
  return KINDS[name] ?? name
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Number.isNaN(value)) return 'NaN'
  return Array.isArray(value) ? 'array' : typeof value
}

function quoted(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value) ?? String(value)).join(', ')
}
