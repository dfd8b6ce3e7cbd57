import { NAME_PATTERN, NAME_RULE } from '../domain/names.ts'
import { VmunitError } from '../errors/index.ts'

const MAX_PASSWORD_LENGTH = 128

/** Refuses the name of an account that is none: `ERR_INVALID_INPUT`. */
export function checkAccountName(name: string): void {
  checkText(name, 'name of an account')
  if (NAME_PATTERN.test(name)) return
  throw new VmunitError('ERR_INVALID_INPUT', `That is no name of an account. It must be ${NAME_RULE}.`, {
    details: { issues: [{ path: 'name', message: `must be ${NAME_RULE}` }] },
  })
}

/**
 * Refuses a password that is too short, too long, or holds characters that cannot be typed. What was given is in no
 * part of the error.
 *
 * @throws {@link VmunitError} `ERR_INVALID_INPUT`.
 */
export function checkPassword(password: string, minLength: number): void {
  checkText(password, 'password')
  const length = [...password.normalize('NFC')].length
  const isTypeable = password.isWellFormed() && !/\p{Cc}/u.test(password)
  if (length >= minLength && length <= MAX_PASSWORD_LENGTH && isTypeable) return
  const rule = `must have ${minLength} to ${MAX_PASSWORD_LENGTH} characters, none of them a control character`
  throw new VmunitError('ERR_INVALID_INPUT', `The password ${rule}.`, {
    details: { issues: [{ path: 'password', message: rule }] },
  })
}

/** A wrong type is a mistake of the calling program; the value may be a secret, so only its type is told. */
export function checkText(value: unknown, what: string): void {
  if (typeof value !== 'string') throw new TypeError(`The ${what} must be a string, not ${typeof value}.`)
}
