import { mayWork, type Principal } from '../domain/principal.ts'
import { VmunitError } from '../errors/index.ts'
import type { AccessOptions } from './access-options.ts'

/** The principal as rights are asked of it: where a directory decides, one without grants has none. */
export function principalUnder({ directory }: AccessOptions, principal: Principal): Principal {
  return directory === undefined ? principal : { ...principal, grants: principal.grants ?? [] }
}

/** Says that a principal may not do this. */
export function denied({ name, role }: Principal, what: string): VmunitError {
  return new VmunitError('ERR_PERMISSION_DENIED', `${name} (${role}) may not ${what}.`, {
    details: { principal: name, role },
  })
}

/** Refuses everybody but administrators with `ERR_PERMISSION_DENIED`. */
export function checkAdministrator(principal: Principal, what: string): void {
  if (principal.role !== 'administrator') throw denied(principal, what)
}

/** Refuses those who may not work on the fleet at all with `ERR_PERMISSION_DENIED`. */
export function checkMayWork(principal: Principal, what: string): void {
  if (!mayWork(principal)) throw denied(principal, what)
}

/** Refuses what a manager with an external directory leaves to that: `ERR_EXTERNAL_DIRECTORY`. */
export function checkLocalAccounts({ directory }: AccessOptions, what: string): void {
  if (directory === undefined) return
  throw new VmunitError(
    'ERR_EXTERNAL_DIRECTORY',
    `Accounts and rights of this manager come from an external directory, so ${what}. Change them there.`,
  )
}
