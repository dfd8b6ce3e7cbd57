import { type Argv, NAME_PATTERN, NAME_RULE } from '@vmunit/core'
import * as z from 'zod'
import { mustBe } from '../must-be.ts'

/** A name after {@link NAME_PATTERN}. */
export const nameValue: z.ZodType<string, string> = z.string(mustBe(NAME_RULE)).regex(NAME_PATTERN, mustBe(NAME_RULE))

/** A whole number, written without sign and leading zeros. */
export function numberValue(min: number, max: number): z.ZodType<number, string> {
  const what = mustBe(`a number from ${min} to ${max}`)
  const isValid = (digits: string): boolean => {
    return /^(?:0|[1-9][0-9]{0,9})$/.test(digits) && Number(digits) >= min && Number(digits) <= max
  }
  return z.string(what).refine(isValid, what).transform(Number)
}

/** A command as a JSON array. */
export const commandValue: z.ZodType<Argv, string> = (() => {
  const what = mustBe('a JSON array of strings, program first, such as ["systemctl","start","web"]')
  return z
    .string(what)
    .refine((text) => readArgv(text) !== undefined, what)
    .transform((text) => readArgv(text) ?? [''])
})()

function readArgv(text: string): Argv | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const result = argv.safeParse(value)
  return result.success ? result.data : undefined
}

const argument = z.string().refine((text) => !text.includes('\0'))

const argv = z.tuple([argument.min(1)], argument)
