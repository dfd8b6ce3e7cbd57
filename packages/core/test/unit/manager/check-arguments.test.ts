import { createManager, formatPlan, type Manager, start } from '@vmunit/core'
import { createWorld } from '@vmunit/core/testing'
import { describe, expect, it } from 'vitest'

const NEEDED = 'createManager needs an object with hypervisors, guests, store and principal'
const port = {}
const options = {
  hypervisors: { main: port },
  balancers: { edge: port },
  guests: port,
  store: port,
  principal: { name: 'user_a', role: 'builder' },
}
const create = createManager as (options: unknown) => Manager

describe('createManager', () => {
  it.for<readonly [string, unknown, string]>([
    ['nothing', undefined, `${NEEDED}, not undefined.`],
    ['an empty object', {}, `${NEEDED}; hypervisors is undefined.`],
    ['no store', { ...options, store: undefined }, `${NEEDED}; store is undefined.`],
    ['the path of a store', { ...options, store: './vmunit.db' }, `${NEEDED}; store is a string.`],
    ['no guests', { ...options, guests: undefined }, `${NEEDED}; guests is undefined.`],
    ['no principal', { ...options, principal: undefined }, `${NEEDED}; principal is undefined.`],
    [
      'a driver that is not awaited',
      { ...options, hypervisors: { main: Promise.resolve(port) } },
      'hypervisors.main is a promise. Await it first.',
    ],
    [
      'a balancer that is not awaited',
      { ...options, balancers: { edge: Promise.resolve(port) } },
      'balancers.edge is a promise. Await it first.',
    ],
    [
      'a store that is not awaited',
      { ...options, store: Promise.resolve(port) },
      'store is a promise. Await it first.',
    ],
  ])('refuses %s', ([, given, expected]) => {
    expect(() => create(given)).toThrowError(new TypeError(expected))
  })

  it('refuses a driver in the place of drivers by name', () => {
    const { hypervisor } = createWorld()
    expect(() => create({ ...options, hypervisors: hypervisor })).toThrowError(/^hypervisors holds drivers by name; "/)
  })

  it('refuses a role that does not exist, also for those who act through it', () => {
    const refused = expect.objectContaining({
      code: 'ERR_INVALID_INPUT',
      message: expect.stringContaining('role: must be one of "administrator", "builder", "resourceManager"'),
    })
    const nobody = { name: 'user_a', role: 'admin' }
    expect(() => create({ ...options, principal: nobody })).toThrowError(refused)
    expect(() => create(options).as(nobody as never)).toThrowError(refused)
  })
})

describe('a manager', () => {
  const manager = create(options)

  it.for<readonly [string, unknown, RegExp]>([
    ['nothing', undefined, /^A plan is what manager\.plan resolves to, not undefined\.$/],
    ['a plan that is not awaited', Promise.resolve({}), /^The plan is a promise\. Await it first\.$/],
  ])('starts no run of %s, and shows none', async ([, given, expected]) => {
    await expect(manager.start(given as never)).rejects.toThrowError(expected)
    expect(() => formatPlan(given as never)).toThrowError(expected)
  })

  it.for<readonly [string, unknown, RegExp]>([
    ['nothing', undefined, /^An operation is a value, such as applyTemplate of @vmunit\/core, not undefined\.$/],
    ['its name', start.name, /not its name \("start"\)\.$/],
  ])('plans no operation that is %s', async ([, given, expected]) => {
    await expect(manager.plan(given as never, {})).rejects.toThrowError(expected)
    await expect(manager.execute(given as never, {})).rejects.toThrowError(expected)
  })
})
