import { type AuditEntry, createManager, type Manager } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { ADMINISTRATOR, countingPorts, openOffice, PASSWORD, USER_A } from '../support/people.ts'
import { refusal } from '../support/refusal.ts'

const UNIT = { name: 'gyoumu_a', hypervisor: 'main' }

/** `who call about outcome code` of every entry. */
async function linesOf(manager: Manager): Promise<readonly string[]> {
  const entries = await Array.fromAsync(manager.audit())
  return entries.map(({ by, call, about, outcome, code }) => [by, call, about, outcome, code].filter(Boolean).join(' '))
}

describe('the audit', () => {
  it('tells who changed what, and who was refused what', async () => {
    await using office = await openOffice({ audit: 'changes' })
    const { administrator } = office
    const hers = administrator.as(USER_A)
    await administrator.accounts.create({ name: 'user_a', password: PASSWORD })
    await hers.units.create(UNIT)
    await hers.units.list()
    await refusal(hers.accounts.delete('user_b'))
    await refusal(hers.units.create(UNIT))
    expect(await linesOf(administrator)).toEqual([
      'admin accounts.create user_a done',
      'user_a units.create gyoumu_a done',
      'user_a accounts.delete user_b failed ERR_PERMISSION_DENIED',
      'user_a units.create gyoumu_a failed ERR_ALREADY_EXISTS',
    ])
    const [, , third] = await Array.fromAsync(administrator.audit())
    const since = third?.time ?? 0
    const later = await Array.fromAsync(administrator.audit({ since, by: 'user_a' }))
    expect(later.every(({ time, role }) => time >= since && role === 'builder')).toBe(true)
    expect(later.map(({ call }) => call)).toContain('accounts.delete')
    expect(await Array.fromAsync(administrator.audit({ by: 'user_b' }))).toEqual([])
  })

  it('holds no password, given or refused', async () => {
    await using office = await openOffice({ audit: 'everything' })
    const { accounts } = office.administrator
    await accounts.create({ name: 'user_a', password: PASSWORD })
    await accounts.changePassword({ name: 'user_a', next: 'another one' })
    await refusal(accounts.create({ name: 'user_b', password: 'short_7' }))
    const text = JSON.stringify(await Array.fromAsync(office.administrator.audit()))
    for (const secret of [PASSWORD, 'another one', 'short_7']) expect(text).not.toContain(secret)
  })

  it('with "everything" has every call of every part, whatever is passed', async () => {
    await using office = await openOffice({ audit: 'everything' })
    const { administrator } = office
    const parts = ['accounts', 'units', 'templates', 'definitions', 'requests', 'notices'] as const
    const calls = parts.flatMap((part) => Object.keys(administrator[part]).map((name) => `${part}.${name}`))
    for (const call of calls) {
      const [part = '', name = ''] = call.split('.')
      const methods = (administrator as unknown as Record<string, Record<string, (given: object) => Promise<unknown>>>)[
        part
      ]
      await methods?.[name]?.({}).catch(() => {})
    }
    const alone = [
      () => administrator.answer('r', { approve: true }),
      () => administrator.acceptTraces([]),
      () => administrator.compact({ keepMs: 0 }),
      () => administrator.diagnose({ unit: 'u' }),
      () => administrator.explain('r', 's'),
      () => administrator.remove(),
    ]
    for (const call of alone) await Promise.resolve(call()).catch(() => {})
    await using store = openSqliteStore(office.storePath)
    await using reader = createManager({ ...countingPorts(), store, principal: ADMINISTRATOR })
    const seen = (await Array.fromAsync(reader.audit())).map(({ call }) => call)
    expect(seen).toEqual([...calls, 'answer', 'acceptTraces', 'compact', 'diagnose', 'explain', 'remove'])
  })

  it('is written before anything is done: a call that cannot be written down does nothing', async () => {
    await using office = await openOffice({ audit: 'changes' })
    const { administrator } = office
    const error = await office.whileLocked(async () => await refusal(administrator.units.create(UNIT)))
    expect(error.code).toBe('ERR_STORE_BUSY')
    expect(await administrator.units.list()).toEqual([])
    expect(await linesOf(administrator)).toEqual([])
  })

  it('leaves a call that was cut off begun', async () => {
    const store = openSqliteStore(':memory:')
    let entry: AuditEntry | undefined
    const { hypervisors, guests } = countingPorts()
    const manager = createManager({ hypervisors, guests, store, principal: ADMINISTRATOR, audit: 'everything' })
    await manager.units.create(UNIT)
    await manager.definitions
      .add({
        tiers: [],
        files: [{ path: 'a', hash: 'x', sizeBytes: 1, executable: false }],
        async *read() {
          entry = (await Array.fromAsync(manager.audit())).at(-1)
          yield Buffer.from('a')
        },
      })
      .catch(() => {})
    expect(entry).toMatchObject({ call: 'definitions.add', outcome: 'begun', by: 'admin', role: 'administrator' })
    await manager.close()
    await store.close()
  })

  it('is for administrators, and nothing is written unless it is asked for', async () => {
    await using office = await openOffice()
    await office.administrator.accounts.create({ name: 'user_a', password: PASSWORD })
    expect(await linesOf(office.administrator)).toEqual([])
    expect((await refusal(linesOf(office.administrator.as(USER_A)))).code).toBe('ERR_PERMISSION_DENIED')
  })
})
