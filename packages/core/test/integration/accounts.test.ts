import { inspect } from 'node:util'
import { importDefinition, isVmunitError, type Manager } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { ACCOUNT_CREATE_ROWS } from '../spec-rows/account-create.ts'
import { ACCOUNT_DELETE_ROWS } from '../spec-rows/account-delete.ts'
import { ACCOUNT_PASSWORD_ROWS } from '../spec-rows/account-password.ts'
import { COMMON_ROWS } from '../spec-rows/common.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { expectRow } from '../support/expect-row.ts'
import { createFleet } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { ADMINISTRATOR, openOffice, PASSWORD, RESOURCES, USER_A, USER_B } from '../support/people.ts'
import { documentsOf, refusal } from '../support/refusal.ts'

const UNIT = { name: 'gyoumu_a', hypervisor: 'main' }
const NEXT = 'pwd_a of my own'

const directory = { authenticate: async () => USER_A }

async function namesOf(manager: Manager): Promise<readonly string[]> {
  return (await manager.accounts.list()).map(({ name }) => name)
}

describe('accounts.create: the error table of spec 3.2', () => {
  const row = (number: number) => rowOf(ACCOUNT_CREATE_ROWS, `3.2.${number}`)

  it.each(['', '1user', 'user a', 'user/a', '../user', 'ユーザ', 'u'.repeat(32)])(
    `${titleOf(row(1))}: "%s"`,
    async (name) => {
      await using office = await openOffice()
      const { accounts } = office.administrator
      const before = await office.administrator.accounts.list()
      await expectRow(row(1), accounts.create({ name, password: PASSWORD }))
      expect(await accounts.list()).toEqual(before)
    },
  )

  it.each(['', 'short_7', 'x'.repeat(129), 'with\nnewline', 'with\u0000nul', `half a pair \ud83d`, '\u0301'.repeat(3)])(
    `${titleOf(row(2))}: %j`,
    async (password) => {
      await using office = await openOffice()
      const { accounts } = office.administrator
      const error = await expectRow(row(2), accounts.create({ name: 'user_a', password }))
      if (password.length > 3) expect(inspect(error, { depth: 10 })).not.toContain(password)
      expect(await accounts.list()).toEqual([])
    },
  )

  it('a name or password of the wrong type is a mistake of the program; the value is not shown', async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await expect(accounts.create({ name: 'user_a', password: 12345678 as never })).rejects.toThrow(
      new TypeError('The password must be a string, not number.'),
    )
    await expect(accounts.create({ name: undefined as never, password: PASSWORD })).rejects.toThrow(TypeError)
  })

  it(titleOf(row(3)), async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await accounts.create({ name: 'user_a', password: PASSWORD })
    const before = await documentsOf(office.storePath)
    await expectRow(row(3), accounts.create({ name: 'user_a', password: 'another one' }))
    expect(await documentsOf(office.storePath)).toEqual(before)
  })

  it(`${titleOf(row(3))}, in a race too`, async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    const passwords = ['first one', 'second one', 'third one']
    const race = await Promise.allSettled(passwords.map((password) => accounts.create({ name: 'user_a', password })))
    expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const winner = race.findIndex(({ status }) => status === 'fulfilled')
    await office.administrator.authenticate('user_a', passwords[winner]!)
  })

  it(titleOf(row(4)), async () => {
    await using office = await openOffice()
    await expectRow(row(4), office.administrator.accounts.create({ name: 'admin', password: PASSWORD }))
  })

  it(`${titleOf(row(4))}, whatever it is called`, async () => {
    await using office = await openOffice({ administrator: 'vsm_admin' })
    const { accounts } = office.administrator
    await expectRow(row(4), accounts.create({ name: 'vsm_admin', password: PASSWORD }))
    await accounts.create({ name: 'admin', password: PASSWORD })
  })

  it(titleOf(row(5)), async () => {
    await using office = await openOffice({ authenticator: directory })
    await expectRow(row(5), office.administrator.accounts.create({ name: 'user_a', password: PASSWORD }))
  })

  it(titleOf(row(6)), async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await office.whileLocked(async () => {
      const error = await expectRow(row(6), accounts.create({ name: 'user_a', password: PASSWORD }))
      expect(isVmunitError(error) && error.retryable).toBe(true)
    })
    await accounts.create({ name: 'user_a', password: PASSWORD })
  })

  it.each([USER_A, USER_B, RESOURCES])(`${titleOf(row(7))}: $name`, async (principal) => {
    await using office = await openOffice()
    const { accounts } = office.administrator.as(principal)
    await expectRow(row(7), accounts.create({ name: 'user_c', password: PASSWORD }))
    // Rights before anything else: nobody learns from the answer which accounts there are.
    await expectRow(row(7), accounts.create({ name: '', password: '' }))
    expect(await office.administrator.accounts.list()).toEqual([])
  })
})

describe('accounts.delete: the errors of spec 3.3', () => {
  const row = (number: number) => rowOf(ACCOUNT_DELETE_ROWS, `3.3.${number}`)

  it.each(['nobody', '', 'no name at all'])(`${titleOf(row(1))}: "%s"`, async (name) => {
    await using office = await openOffice()
    await expectRow(row(1), office.administrator.accounts.delete(name))
  })

  it(titleOf(row(2)), async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await expectRow(row(2), accounts.delete('admin'))
    await accounts.changePassword({ name: 'admin', next: PASSWORD })
    await expectRow(row(2), accounts.delete('admin'))
    await office.administrator.authenticate('admin', PASSWORD)
  })

  it(titleOf(row(3)), async () => {
    await using office = await openOffice({ authenticator: directory })
    await expectRow(row(3), office.administrator.accounts.delete('user_a'))
  })

  it(titleOf(row(4)), async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await accounts.create({ name: 'user_a', password: PASSWORD })
    await office.whileLocked(async () => await expectRow(row(4), accounts.delete('user_a')))
    expect(await namesOf(office.administrator)).toEqual(['user_a'])
  })

  it(`${titleOf(row(5))}; with another owner it goes`, async () => {
    await using office = await openOffice()
    const { accounts, units } = office.administrator
    await accounts.create({ name: 'user_a', password: PASSWORD })
    await office.administrator.as(USER_A).units.create(UNIT)
    const error = await expectRow(row(5), accounts.delete('user_a'))
    expect(String(error)).toContain('gyoumu_a')
    await units.changeOwner('gyoumu_a', 'admin')
    await accounts.delete('user_a')
    expect(await accounts.list()).toEqual([])
  })

  it('an account is never deleted while it gets a unit', async () => {
    await using office = await openOffice()
    const { accounts, units } = office.administrator
    for (let number = 1; number <= 4; number += 1) {
      const name = `user_${number}`
      await accounts.create({ name, password: PASSWORD })
      await units.create({ ...UNIT, name: `unit_${number}` })
      await Promise.allSettled([units.changeOwner(`unit_${number}`, name), accounts.delete(name)])
      const { owner } = await units.get(`unit_${number}`)
      const isThere = (await namesOf(office.administrator)).includes(name)
      expect([owner, isThere], name).toEqual(owner === 'admin' ? ['admin', false] : [name, true])
    }
  }, 60_000)

  it(titleOf(row(7)), async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await accounts.create({ name: 'user_a', password: PASSWORD })
    const theirs = await office.administrator.authenticate('user_a', PASSWORD)
    await accounts.delete('user_a')
    await expectRow(row(7), theirs.units.list())
    await expectRow(row(7), office.administrator.authenticate('user_a', PASSWORD))
  })

  it.each([USER_A, USER_B, RESOURCES])(`${titleOf(row(6))}: $name`, async (principal) => {
    await using office = await openOffice()
    await office.administrator.accounts.create({ name: 'user_a', password: PASSWORD })
    await expectRow(row(6), office.administrator.as(principal).accounts.delete('user_a'))
    expect(await namesOf(office.administrator)).toEqual(['user_a'])
  })
})

describe('accounts.changePassword and list: the errors of spec 3.4', () => {
  const row = (number: number) => rowOf(ACCOUNT_PASSWORD_ROWS, `3.4.${number}`)

  it(titleOf(row(1)), async () => {
    await using office = await openOffice()
    await expectRow(row(1), office.administrator.accounts.changePassword({ name: 'nobody', next: NEXT }))
    expect(await office.administrator.accounts.list()).toEqual([])
  })

  it.each([undefined, '', 'abcdefg9'])(`${titleOf(row(2))}: %j`, async (current) => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.create({ name: 'user_a', password: PASSWORD })
    const { accounts } = administrator.as(USER_A)
    const change = accounts.changePassword({ name: 'user_a', current, next: NEXT })
    if (current === undefined) await expect(change).rejects.toThrow(TypeError)
    else await expectRow(row(2), change)
    await administrator.authenticate('user_a', PASSWORD)
  })

  it(`${titleOf(row(2))}: by an administrator who gives one`, async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await accounts.create({ name: 'user_a', password: PASSWORD })
    await expectRow(row(2), accounts.changePassword({ name: 'user_a', current: 'abcdefg9', next: NEXT }))
    await expectRow(row(2), accounts.changePassword({ name: 'nobody', current: 'abcdefg9', next: NEXT }))
  })

  it(titleOf(row(3)), async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await accounts.create({ name: 'user_a', password: PASSWORD })
    await expectRow(row(3), accounts.changePassword({ name: 'user_a', next: 'short_7' }))
    await office.administrator.authenticate('user_a', PASSWORD)
  })

  it(titleOf(row(4)), async () => {
    await using office = await openOffice({ authenticator: directory })
    const { administrator } = office
    await expectRow(row(4), administrator.accounts.changePassword({ name: 'user_a', next: NEXT }))
    await expectRow(row(4), administrator.as(USER_A).accounts.changePassword({ name: 'user_a', next: NEXT }))
    await expectRow(row(4), administrator.accounts.list())
  })

  it(titleOf(row(5)), async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await accounts.create({ name: 'user_a', password: PASSWORD })
    await office.whileLocked(async () => {
      await expectRow(row(5), accounts.changePassword({ name: 'user_a', next: NEXT }))
    })
    await office.administrator.authenticate('user_a', PASSWORD)
  })

  it(titleOf(row(6)), async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.create({ name: 'user_a', password: PASSWORD })
    const change = { name: 'user_a', current: PASSWORD, next: NEXT }
    await expectRow(row(6), administrator.as(USER_B).accounts.changePassword(change))
    await expectRow(row(6), administrator.as(USER_B).accounts.changePassword({ name: 'admin', next: NEXT }))
    await expectRow(row(6), administrator.as(RESOURCES).accounts.changePassword({ ...change, name: 'user_r' }))
  })

  it(titleOf(row(7)), async () => {
    await using office = await openOffice()
    await expectRow(row(7), office.administrator.as(USER_A).accounts.list())
    await expectRow(row(7), office.administrator.as(RESOURCES).accounts.list())
  })

  it(titleOf(row(8)), async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.create({ name: 'user_a', password: PASSWORD })
    await expectRow(row(8), administrator.accounts.changePassword({ name: 'user_a', next: NEXT }))
    await administrator.authenticate('user_a', NEXT)
    expect((await refusal(administrator.authenticate('user_a', PASSWORD))).code).toBe('ERR_UNAUTHENTICATED')
  })

  it(`${titleOf(row(9))}, with times and nothing secret`, async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    const made = []
    for (const name of ['user_b', 'user_a']) made.push(await accounts.create({ name, password: PASSWORD }))
    await accounts.changePassword({ name: 'admin', next: NEXT })
    await expectRow(row(9), accounts.list())
    expect(await accounts.list()).toEqual(made.toReversed())
    expect(Object.keys(made[0] ?? {})).toEqual(['name', 'createdAt'])
  })
})

describe('manager.authenticate', () => {
  it('the procedure of 4.1.2: a temporary password by the administrator, then one of the builder', async () => {
    await using office = await openOffice({ minPasswordLength: 5 })
    const { administrator } = office
    await administrator.accounts.create({ name: 'user_a', password: 'user_a' })
    const mine = await administrator.authenticate('user_a', 'user_a')
    await mine.accounts.changePassword({ name: 'user_a', current: 'user_a', next: 'pwd_a' })
    const created = await mine.units.create(UNIT)
    expect(created.owner).toBe('user_a')
    const again = await administrator.authenticate('user_a', 'pwd_a')
    expect((await again.units.list()).map(({ name }) => name)).toEqual(['gyoumu_a'])
    expect((await refusal(administrator.authenticate('user_a', 'user_a'))).code).toBe('ERR_UNAUTHENTICATED')
  })

  const failed = rowOf(COMMON_ROWS, '3.0.3')
  it(titleOf(failed), async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.create({ name: 'user_a', password: PASSWORD })
    const wrong = await expectRow(failed, administrator.authenticate('user_a', 'abcdefg9'))
    const nobody = await expectRow(failed, administrator.authenticate('user_z', 'abcdefg8'))
    expect(String(nobody), 'no difference that tells who exists').toBe(String(wrong))
    await expectRow(failed, administrator.authenticate('admin', PASSWORD))
    await expectRow(failed, administrator.authenticate('', ''))
    expect(office.calls).toEqual([])
  })

  it('takes as long for a name that does not exist', async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.create({ name: 'user_a', password: PASSWORD })
    const timeOf = async (name: string): Promise<number> => {
      const began = process.cpuUsage()
      await refusal(administrator.authenticate(name, 'abcdefg9'))
      const { user, system } = process.cpuUsage(began)
      return user + system
    }
    const times = { known: [] as number[], unknown: [] as number[] }
    for (let round = 0; round < 3; round += 1) {
      times.known.push(await timeOf('user_a'))
      times.unknown.push(await timeOf('user_z'))
    }
    const ratio = Math.min(...times.unknown) / Math.min(...times.known)
    expect(ratio).toBeGreaterThan(0.5)
    expect(ratio).toBeLessThan(2)
  }, 60_000)

  it('the administrator comes in after the first password was set, and no builder can set it', async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.changePassword({ name: 'admin', next: PASSWORD })
    const proved = await administrator.authenticate('admin', PASSWORD)
    await proved.accounts.create({ name: 'user_a', password: PASSWORD })
    expect((await namesOf(proved)).length).toBe(1)
    expect((await proved.as(USER_A).units.create(UNIT)).owner).toBe('user_a')
  })

  it('gives no way to more rights', async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.create({ name: 'user_a', password: PASSWORD })
    const mine = await administrator.authenticate('user_a', PASSWORD)
    expect(() => mine.as(ADMINISTRATOR)).toThrowError(expect.objectContaining({ code: 'ERR_PERMISSION_DENIED' }))
    expect((await refusal(mine.accounts.list())).code).toBe('ERR_PERMISSION_DENIED')
  })

  it('ends with the account, with a reset by the administrator, and not with a change of one’s own', async () => {
    await using office = await openOffice()
    const { administrator } = office
    const { accounts } = administrator
    await accounts.create({ name: 'user_a', password: PASSWORD })
    const first = await administrator.authenticate('user_a', PASSWORD)
    await first.accounts.changePassword({ name: 'user_a', current: PASSWORD, next: NEXT })
    expect(await first.units.list()).toEqual([])
    await accounts.changePassword({ name: 'user_a', next: PASSWORD })
    expect((await refusal(first.units.list())).code).toBe('ERR_UNAUTHENTICATED')
    const second = await administrator.authenticate('user_a', PASSWORD)
    await accounts.delete('user_a')
    expect((await refusal(second.units.create(UNIT))).code).toBe('ERR_UNAUTHENTICATED')
    await accounts.create({ name: 'user_a', password: PASSWORD })
    expect((await refusal(second.units.list())).code).toBe('ERR_UNAUTHENTICATED')
  })

  it('what an administrator who came in does for others ends with that admission', async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.changePassword({ name: 'admin', next: PASSWORD })
    const proved = await administrator.authenticate('admin', PASSWORD)
    const hers = proved.as(USER_A)
    await hers.units.list()
    await proved.close()
    expect((await refusal(hers.units.list())).code).toBe('ERR_CLOSED')
    expect((await refusal(proved.units.list())).code).toBe('ERR_CLOSED')
    expect(await administrator.units.list()).toEqual([])
  })

  it('ends at an abort with its reason, before and while it works', async () => {
    await using office = await openOffice()
    const reason = new Error('no longer wanted')
    const before = office.administrator.authenticate('user_a', PASSWORD, { signal: AbortSignal.abort(reason) })
    await expect(before).rejects.toBe(reason)
    const over = new AbortController()
    const during = office.administrator.authenticate('user_a', PASSWORD, { signal: over.signal })
    setImmediate(() => over.abort(reason))
    await expect(during).rejects.toBe(reason)
  })

  it('knows a password in composed and decomposed form', async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.create({ name: 'user_a', password: 'パスワード・業務だけ'.normalize('NFD') })
    await administrator.authenticate('user_a', 'パスワード・業務だけ'.normalize('NFC'))
  })
})

describe('secrets', () => {
  it('are in no document, journal, error or result, and not in the file of the store', async () => {
    await using fleet = await createFleet()
    const administrator = fleet.manager.as(ADMINISTRATOR)
    const secrets = [PASSWORD, NEXT, 'wrong secret'] as const
    const said: unknown[] = [await administrator.accounts.create({ name: 'user_a', password: PASSWORD })]
    const mine = await administrator.authenticate('user_a', PASSWORD)
    await mine.accounts.changePassword({ name: 'user_a', current: PASSWORD, next: NEXT })
    said.push(await refusal(administrator.authenticate('user_a', 'wrong secret')))
    said.push(
      await refusal(mine.accounts.changePassword({ name: 'user_a', current: 'wrong secret', next: PASSWORD })),
      await refusal(administrator.accounts.create({ name: 'user_a', password: NEXT })),
      await refusal(administrator.accounts.create({ name: PASSWORD.replace('a', '1'), password: NEXT })),
    )
    await mine.units.create(UNIT)
    const { hash } = await mine.definitions.add(memoryDefinition([], {}))
    said.push(await mine.execute(importDefinition, { unit: 'gyoumu_a', definition: hash }))
    const store = openSqliteStore(fleet.storePath)
    for await (const run of administrator.runs()) {
      for await (const record of store.journal(run.id, 1)) said.push(record)
    }
    said.push(await administrator.accounts.list(), await documentsOf(fleet.storePath))
    await store.close()
    const text = said.map((one) => inspect(one, { depth: 20, maxStringLength: null })).join('\n')
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect(text).toContain('scrypt')
  })

  it('are kept under a salt each, with the parameters', async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await accounts.create({ name: 'user_a', password: PASSWORD })
    await accounts.create({ name: 'user_b', password: PASSWORD })
    const documents = await documentsOf(office.storePath)
    const kept = ['user_a', 'user_b'].map(
      (name) => (documents[`account/${name}`] as { value: { password: Record<string, unknown> } }).value.password,
    )
    expect(kept[0]).toMatchObject({ algorithm: 'scrypt', cost: 32_768, blockSize: 8, parallelization: 3 })
    expect(kept[0]?.['salt']).not.toBe(kept[1]?.['salt'])
    expect(kept[0]?.['hash']).not.toBe(kept[1]?.['hash'])
  })
})
