import { applyTemplate, createManager, type Manager, type ManagerOptions, type Principal, start } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { memoryDefinition, tierOf } from '../../support/memory-definition.ts'

const OWNER: Principal = { name: 'user_a', role: 'builder' }
const OTHER: Principal = { name: 'user_b', role: 'builder' }
const ADMINISTRATOR: Principal = { name: 'admin', role: 'administrator' }
const RESOURCES: Principal = { name: 'user_r', role: 'resourceManager' }
const UNIT = { name: 'gyoumu_a', hypervisor: 'main', description: '業務' }

/** A manager whose drivers only tell that they were called. */
function lab(): AsyncDisposable & { readonly manager: Manager; readonly calls: string[] } {
  const calls: string[] = []
  const port = (name: string): never =>
    new Proxy(
      {},
      {
        get: (_target, member) => () => {
          calls.push(`${name}.${String(member)}`)
          return Promise.resolve({ machines: [], blind: [] })
        },
      },
    ) as never
  const store = openSqliteStore(':memory:')
  const options: ManagerOptions = {
    hypervisors: { main: port('hypervisor') },
    balancers: { edge: port('balancer') },
    guests: port('guests'),
    store,
    principal: OWNER,
  }
  const manager = createManager(options)
  return {
    manager,
    calls,
    async [Symbol.asyncDispose]() {
      await manager.close()
      await store.close()
    },
  }
}

const code = (expected: string) => expect.objectContaining({ name: 'VmunitError', code: expected })

describe('units', () => {
  it('belong to who created them', async () => {
    await using it = lab()
    const created = await it.manager.units.create(UNIT)
    expect(created).toEqual({ ...UNIT, owner: 'user_a', tiers: [], groups: [] })
    expect(await it.manager.units.get('gyoumu_a')).toEqual(created)
    expect(await it.manager.units.list()).toEqual([created])
    expect(it.calls).toEqual([])
  })

  it('are seen by their owner and by administrators, as if they did not exist for others', async () => {
    await using it = lab()
    await it.manager.units.create(UNIT)
    await it.manager.as(OTHER).units.create({ ...UNIT, name: 'gyoumu_b' })
    const seen = async (principal: Principal) => (await it.manager.as(principal).units.list()).map(({ name }) => name)
    expect(await seen(OWNER)).toEqual(['gyoumu_a'])
    expect(await seen(OTHER)).toEqual(['gyoumu_b'])
    expect(await seen(ADMINISTRATOR)).toEqual(['gyoumu_a', 'gyoumu_b'])
    expect(await seen(RESOURCES)).toEqual([])
    await expect(it.manager.as(OTHER).units.get('gyoumu_a')).rejects.toEqual(code('ERR_NOT_FOUND'))
    await expect(it.manager.units.get('gyoumu_z')).rejects.toEqual(code('ERR_NOT_FOUND'))
  })

  it('have a name once, also among those that one does not see, and in a race', async () => {
    await using it = lab()
    await it.manager.units.create(UNIT)
    await expect(it.manager.as(OTHER).units.create(UNIT)).rejects.toEqual(code('ERR_ALREADY_EXISTS'))
    const race = await Promise.allSettled(
      [OWNER, OTHER, ADMINISTRATOR].map((one) => it.manager.as(one).units.create({ ...UNIT, name: 'race' })),
    )
    expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it.for<readonly [string, object, string]>([
    ['a name that is none', { ...UNIT, name: '1st' }, 'ERR_INVALID_INPUT'],
    ['a path as a name', { ...UNIT, name: '../x' }, 'ERR_INVALID_INPUT'],
    ['no name', { hypervisor: 'main' }, 'ERR_INVALID_INPUT'],
    ['a description that is too long', { ...UNIT, description: 'あ'.repeat(1_025) }, 'ERR_INVALID_INPUT'],
    ['a hypervisor that nobody passed', { ...UNIT, hypervisor: 'other' }, 'ERR_NOT_CONFIGURED'],
    ['a hypervisor named like a member of every object', { ...UNIT, hypervisor: 'constructor' }, 'ERR_NOT_CONFIGURED'],
  ])('refuse %s, before anything is written', async ([, input, expected]) => {
    await using it = lab()
    await expect(it.manager.units.create(input as typeof UNIT)).rejects.toEqual(code(expected))
    expect(await it.manager.as(ADMINISTRATOR).units.list()).toEqual([])
  })

  it('change their owner by the hand of an administrator', async () => {
    await using it = lab()
    await it.manager.units.create(UNIT)
    await expect(it.manager.units.changeOwner('gyoumu_a', 'user_b')).rejects.toEqual(code('ERR_PERMISSION_DENIED'))
    const administrator = it.manager.as(ADMINISTRATOR)
    await expect(administrator.units.changeOwner('gyoumu_z', 'user_b')).rejects.toEqual(code('ERR_NOT_FOUND'))
    await administrator.accounts.create({ name: 'user_b', password: 'correct horse' })
    await administrator.units.changeOwner('gyoumu_a', 'user_b')
    await expect(it.manager.units.get('gyoumu_a')).rejects.toEqual(code('ERR_NOT_FOUND'))
    expect(await it.manager.as(OTHER).units.get('gyoumu_a')).toMatchObject({ owner: 'user_b', description: '業務' })
  })
})

describe('templates', () => {
  it('begin with version 1', async () => {
    await using it = lab()
    const template = await it.manager.templates.register({
      name: 'web-base',
      hypervisor: 'main',
      image: 'img-1',
      note: '初版',
    })
    expect(template.versions).toEqual([
      { template: 'web-base', number: 1, image: 'img-1', state: 'active', note: '初版' },
    ])
    expect(await it.manager.templates.get('web-base')).toEqual(template)
    expect(await it.manager.as(OTHER).templates.list()).toEqual([template])
  })

  it.for<readonly [string, object, string]>([
    ['a name twice', { name: 'web-base', hypervisor: 'main', image: 'img-2' }, 'ERR_ALREADY_EXISTS'],
    ['a name that is none', { name: 'web base', hypervisor: 'main', image: 'i' }, 'ERR_INVALID_INPUT'],
    ['a hypervisor that nobody passed', { name: 'x', hypervisor: 'constructor', image: 'i' }, 'ERR_NOT_CONFIGURED'],
  ])('refuse %s', async ([, input, expected]) => {
    await using it = lab()
    const web = { name: 'web-base', hypervisor: 'main', image: 'img-1' }
    await it.manager.templates.register(web)
    await expect(it.manager.templates.register(input as typeof web)).rejects.toEqual(code(expected))
    expect(await it.manager.templates.list()).toHaveLength(1)
  })

  it('that do not exist are not found', async () => {
    await using it = lab()
    await expect(it.manager.templates.get('nothing')).rejects.toEqual(code('ERR_NOT_FOUND'))
  })
})

describe('definitions', () => {
  const tiers = [tierOf({ id: 'web', type: 'http-tier', startOrder: 1, template: 'web-base' })]

  it('are known by their content', async () => {
    await using it = lab()
    const first = await it.manager.definitions.add(
      memoryDefinition(tiers, { 'web/a': '1', 'hook/pre-setup': '#!/bin/sh' }),
    )
    const again = await it.manager.definitions.add(
      memoryDefinition(tiers, { 'web/a': '1', 'hook/pre-setup': '#!/bin/sh' }),
    )
    const other = await it.manager.definitions.add(memoryDefinition(tiers, { 'web/a': '2' }))
    expect(again).toEqual(first)
    expect(other.hash).not.toBe(first.hash)
    expect(await it.manager.definitions.get(first.hash)).toEqual(first)
    await expect(it.manager.definitions.get('0'.repeat(64))).rejects.toEqual(code('ERR_NOT_FOUND'))
  })

  it('refuse a file that changed while it was read, and leave nothing that counts', async () => {
    await using it = lab()
    const source = memoryDefinition(tiers, { 'web/a': '1' })
    const changing = {
      ...source,
      read: async function* () {
        yield Buffer.from('changed meanwhile')
      },
    }
    await expect(it.manager.definitions.add(changing)).rejects.toEqual(code('ERR_CONFLICT'))
    expect(await it.manager.definitions.add(source)).toMatchObject({ files: [{ path: 'web/a' }] })
  })
})

describe('rights', () => {
  it('let a resource manager neither make records nor plan', async () => {
    await using it = lab()
    await it.manager.units.create(UNIT)
    const resources = it.manager.as(RESOURCES)
    const denied = code('ERR_PERMISSION_DENIED')
    await expect(resources.units.create({ ...UNIT, name: 'x' })).rejects.toEqual(denied)
    await expect(resources.templates.register({ name: 'x', hypervisor: 'main', image: 'i' })).rejects.toEqual(denied)
    await expect(resources.units.changeOwner('gyoumu_a', 'user_r')).rejects.toEqual(denied)
    await expect(resources.plan(start, { unit: 'gyoumu_a' })).rejects.toEqual(denied)
    await expect(resources.execute(start, { unit: 'gyoumu_a' })).rejects.toEqual(denied)
    expect(it.calls).toEqual([])
  })

  it('let a builder plan for own units only; what is refused calls no driver', async () => {
    await using it = lab()
    await it.manager.units.create(UNIT)
    const other = it.manager.as(OTHER)
    await expect(other.plan(start, { unit: 'gyoumu_a' })).rejects.toEqual(code('ERR_NOT_FOUND'))
    await expect(
      other.plan(applyTemplate, { unit: 'gyoumu_a', template: { template: 'web-base', version: 1 } }),
    ).rejects.toEqual(code('ERR_NOT_FOUND'))
    await expect(it.manager.plan(start, { unit: 'not a name' })).rejects.toEqual(code('ERR_INVALID_INPUT'))
    expect(it.calls).toEqual([])
  })

  it('are asked again of who starts a plan', async () => {
    await using it = lab()
    const plan = { ...(await planOf(it.manager)) }
    await expect(it.manager.as(RESOURCES).start(plan)).rejects.toEqual(code('ERR_PERMISSION_DENIED'))
  })

  async function planOf(manager: Manager) {
    await manager.units.create(UNIT)
    return await manager.plan(start, { unit: 'gyoumu_a' })
  }
})

describe('a manager', () => {
  it('refuses every way in when it is closed', async () => {
    await using it = lab()
    await it.manager.close()
    await it.manager.close()
    const closed = code('ERR_CLOSED')
    await expect(it.manager.units.list()).rejects.toEqual(closed)
    await expect(it.manager.as(ADMINISTRATOR).templates.list()).rejects.toEqual(closed)
    await expect(it.manager.plan(start, { unit: 'gyoumu_a' })).rejects.toEqual(closed)
    await expect(it.manager.resume()).rejects.toEqual(closed)
    await expect(it.manager.run('x')).rejects.toEqual(closed)
    await expect(it.manager.answer('x', { approve: true })).rejects.toEqual(closed)
  })

  it('is created with an id that can stand in markers', () => {
    const port = {} as never
    const options = { hypervisors: {}, guests: port, store: port, principal: OWNER }
    expect(() => createManager({ ...options, id: 'a b' })).toThrowError(code('ERR_INVALID_INPUT'))
  })
})
