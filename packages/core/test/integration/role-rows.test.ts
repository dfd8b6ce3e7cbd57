import { type Authenticator, type Manager, start, stop } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { DIRECTORY_ROWS, ROLE_ROWS } from '../spec-rows/modes-and-roles.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { expectRow } from '../support/expect-row.ts'
import { createFleet, storyGroups } from '../support/fleet.ts'
import { ADMINISTRATOR, type Office, openOffice, PASSWORD, RESOURCES, USER_A, USER_B } from '../support/people.ts'
import { until } from '../support/until.ts'

const row = (number: string) => rowOf([...DIRECTORY_ROWS, ...ROLE_ROWS], number)
const title = (number: string): string => titleOf(row(number))

const unit = 'gyoumu_a'
const UNIT = { name: unit, hypervisor: 'main' }

/** Every way to a unit: looking at it, and working on it. */
const WAYS: readonly ((manager: Manager) => Promise<unknown>)[] = [
  (manager) => manager.units.get(unit),
  (manager) => manager.units.info(unit),
  (manager) => manager.units.status(unit),
  (manager) => manager.definitions.scopes(unit),
  (manager) => manager.execute(start, { unit }),
]

/** An office with accounts for both builders, and a unit of whoever is named. */
async function officeOf(owner: 'user_a' | 'admin'): Promise<Office> {
  const office = await openOffice()
  const { administrator } = office
  for (const name of ['user_a', 'user_b']) await administrator.accounts.create({ name, password: PASSWORD })
  await (owner === 'admin' ? administrator : administrator.as(USER_A)).units.create(UNIT)
  return office
}

describe('who has access to a unit: spec 1.3', () => {
  it(title('1.3.1'), async () => {
    await using office = await officeOf('user_a')
    for (const way of WAYS) {
      await expectRow(row('1.3.1'), way(office.administrator.as(USER_A)))
      await expectRow(row('1.3.1'), way(office.administrator))
    }
  })

  it(title('1.3.2'), async () => {
    await using office = await officeOf('user_a')
    for (const way of WAYS) await expectRow(row('1.3.2'), way(office.administrator.as(USER_B)))
    expect(office.calls).toEqual([])
  })

  it(title('1.3.3'), async () => {
    await using office = await officeOf('admin')
    for (const way of WAYS) await expectRow(row('1.3.3'), way(office.administrator.as(USER_A)))
    expect(office.calls).toEqual([])
  })

  it(title('1.3.4'), async () => {
    await using office = await officeOf('user_a')
    const theirs = await office.administrator.authenticate('user_a', PASSWORD)
    await theirs.units.get(unit)
    await office.administrator.units.changeOwner(unit, 'user_b')
    for (const way of WAYS) await expectRow(row('1.3.4'), way(theirs))
    expect(office.calls).toEqual([])
  })

  it(title('1.3.5'), async () => {
    await using office = await officeOf('admin')
    await office.administrator.units.changeOwner(unit, 'user_b')
    for (const way of WAYS) await expectRow(row('1.3.5'), way(office.administrator))
  })

  it(title('1.3.6'), async () => {
    await using office = await officeOf('user_a')
    const { units } = office.administrator
    for (const owner of ['user_b', 'admin', 'user_a']) {
      await expectRow(row('1.3.6'), units.changeOwner(unit, owner))
      expect((await units.get(unit)).owner).toBe(owner)
    }
  })

  it(title('1.3.7'), async () => {
    await using office = await officeOf('user_a')
    const resources = office.administrator.as(RESOURCES)
    await expectRow(row('1.3.7'), resources.execute(start, { unit }))
    await expectRow(row('1.3.7'), resources.units.create({ ...UNIT, name: 'gyoumu_b' }))
    expect(office.calls).toEqual([])
  })

  it(title('1.3.8'), async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, storyGroups().slice(0, 1))
    const run = await fleet.manager.start(await fleet.manager.plan(stop, { unit }), { approval: 'required' })
    await until(async () => (await fleet.manager.requests.list())[0])
    const seenBy = async (manager: Manager) => {
      await expectRow(row('1.3.8'), manager.requests.list())
      return (await manager.requests.list()).length
    }
    const people = [USER_A, ADMINISTRATOR, USER_B, RESOURCES]
    expect(await Promise.all(people.map((person) => seenBy(fleet.manager.as(person))))).toEqual([1, 1, 0, 0])
    await run.cancel('enough')
  })
})

describe('with user authentication linkage: spec 1.2', () => {
  const authenticator: Authenticator = { authenticate: async () => USER_A }

  it(title('1.2.1'), async () => {
    await using office = await openOffice({ authenticator })
    const { accounts } = office.administrator
    await expectRow(row('1.2.1'), accounts.create({ name: 'user_a', password: PASSWORD }))
    await expectRow(row('1.2.1'), accounts.delete('user_a'))
    await expectRow(row('1.2.1'), accounts.changePassword({ name: 'user_a', next: PASSWORD }))
    await expectRow(row('1.2.1'), accounts.list())
  })

  it(title('1.2.2'), async () => {
    await using office = await openOffice({ authenticator })
    const { units } = office.administrator
    const before = await units.create(UNIT)
    await expectRow(row('1.2.2'), units.changeOwner(unit, 'user_a'))
    expect(await units.get(unit)).toEqual(before)
  })

  /** A unit that user_a made when the directory let him. */
  async function directoryOffice(): Promise<Office> {
    const office = await openOffice({ authenticator })
    await office.administrator.as({ ...USER_A, grants: [{ unit, permission: 'operate' }] }).units.create(UNIT)
    return office
  }

  it(title('1.2.3'), async () => {
    await using office = await directoryOffice()
    const { owner } = await office.administrator.units.get(unit)
    expect(owner).toBe(USER_A.name)
    await expectRow(row('1.2.3'), office.administrator.as(USER_A).execute(start, { unit }))
    expect(office.calls).toEqual([])
  })

  it(title('1.2.4'), async () => {
    await using office = await directoryOffice()
    const granted = office.administrator.as({ ...USER_B, grants: [{ unit, permission: 'operate' }] })
    for (const way of WAYS) await expectRow(row('1.2.4'), way(granted))
  })
})
