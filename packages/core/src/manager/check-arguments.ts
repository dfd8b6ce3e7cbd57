import type { ManagerOptions } from './manager-options.ts'

/**
 * Looks for what programs without type checks pass by mistake, and would notice in the middle of a run only.
 *
 * @throws TypeError that names the option.
 */
export function checkOptions(options: ManagerOptions): void {
  const needed = 'createManager needs an object with hypervisors, guests, store and principal'
  if (!isObject(options)) throw new TypeError(`${needed}, not ${kindOf(options)}.`)
  const { hypervisors, balancers = {}, guests, store, principal } = options
  for (const [name, value] of Object.entries({ hypervisors, guests, store, principal, balancers })) {
    if (!isObject(value)) throw new TypeError(`${needed}; ${name} is ${kindOf(value)}.`)
    checkAwaited(value, name)
  }
  for (const [name, drivers] of Object.entries({ hypervisors, balancers })) {
    for (const [key, driver] of Object.entries(drivers)) {
      if (!isObject(driver)) throw new TypeError(`${name} holds drivers by name; "${key}" is ${kindOf(driver)}.`)
      checkAwaited(driver, `${name}.${key}`)
    }
  }
}

/**
 * Refuses a promise where what it resolves to is meant.
 *
 * @throws TypeError.
 */
export function checkAwaited(value: object, name: string): void {
  if ('then' in value && typeof value.then === 'function') {
    throw new TypeError(`${name} is a promise. Await it first.`)
  }
}

/** Refuses what is no operation, such as its name, with a `TypeError`. */
export function checkOperation(operation: unknown): void {
  if (isObject(operation) && 'input' in operation && 'plan' in operation) return
  throw new TypeError(
    `An operation is a value, such as applyTemplate of @vmunit/core, not ${typeof operation === 'string' ? `its name ("${operation}")` : kindOf(operation)}.`,
  )
}

/** Refuses what cannot be a plan; whether it is one, and unchanged, its hash tells. */
export function checkGivenPlan(plan: unknown): void {
  if (!isObject(plan)) throw new TypeError(`A plan is what manager.plan resolves to, not ${kindOf(plan)}.`)
  checkAwaited(plan, 'The plan')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  return `a ${typeof value}`
}
