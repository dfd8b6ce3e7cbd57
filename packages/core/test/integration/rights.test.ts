import { inspect } from 'node:util'
import {
  type Authenticator,
  importDefinition,
  isVmunitError,
  type Manager,
  type ManagerOptions,
  type Operation,
  type Principal,
  type RequestResourcesInput,
  requestResources,
  start,
  stop,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { hashOf } from '../../src/engine/make-plan.ts'
import { BUILT_IN_OPERATIONS } from '../../src/operations/built-in-operations.ts'
import { createFleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { ADMINISTRATOR, type Office, openOffice, PASSWORD, RESOURCES, USER_A, USER_B } from '../support/people.ts'
import { documentsOf, refusal } from '../support/refusal.ts'
import { until } from '../support/until.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const unit = 'gyoumu_a'
const UNIT = { name: unit, hypervisor: 'main' }

const ASKED: RequestResourcesInput = {
  request: {
    kind: 'provideServers',
    unit,
    template: 'web-base',
    version: 1,
    groups: [{ name: 'vmgroup_4', servers: [{ tierId: 'combined' }] }],
  },
  from: 0,
  until: Date.parse('2100-01-01'),
  by: 'person',
}

const PATCH = { kind: 'patchServer', template: 'web-base', version: 1 } as const

/** An input of each operation that is acceptable as such. Whoever adds an operation adds one. */
const INPUTS: Readonly<Record<string, unknown>> = {
  applyPatch: { unit, commands: [['true']] },
  applyTemplate: { unit, template: { template: 'web-base', version: 1 } },
  attachGroups: { unit, groups: storyGroups() },
  block: { unit },
  collectLogs: { unit },
  createTemplate: { template: 'db-base', hypervisor: 'main', from: { image: 'no-image' }, commands: [['true']] },
  deleteUnit: { unit, detach: true },
  detachGroups: { unit, groups: ['vmgroup_1'] },
  endQuarantine: { unit },
  importDefinition: { unit, definition: '0'.repeat(64) },
  mark: { unit, group: 'vmgroup_1' },
  patchTemplate: { template: 'web-base', commands: [['true']] },
  power: { unit, to: 'off' },
  recoverServer: { unit, server: '192.168.1.101', by: 'repair' },
  requestResources: ASKED,
  retireTemplate: { template: 'web-base', versions: [1], to: 'deprecated' },
  runScript: { unit, script: '0'.repeat(64) },
  scaleIn: { unit, groups: ['vmgroup_1'] },
  scaleOut: { unit, groups: storyGroups(3) },
  start: { unit },
  stop: { unit },
  unblock: { unit },
  unmark: { unit, group: 'vmgroup_1' },
  updateUnit: { unit },
}

/** How work on a unit of user_a is answered: done as far as rights go, denied, or as if there were no such unit. */
type Answer = 'permitted' | 'ERR_PERMISSION_DENIED' | 'ERR_NOT_FOUND'

interface Role {
  readonly title: string
  readonly principal: Principal
  readonly isDirectory: boolean
  readonly onUnit: Answer
  readonly onTemplate: Answer
}

const by = (permission: 'view' | 'operate', name = unit): Principal => ({
  ...USER_B,
  grants: [{ unit: name, permission }],
})

const ROLES: readonly Role[] = [
  {
    title: 'administrator',
    principal: ADMINISTRATOR,
    isDirectory: false,
    onUnit: 'permitted',
    onTemplate: 'permitted',
  },
  { title: 'owner', principal: USER_A, isDirectory: false, onUnit: 'permitted', onTemplate: 'permitted' },
  { title: 'other builder', principal: USER_B, isDirectory: false, onUnit: 'ERR_NOT_FOUND', onTemplate: 'permitted' },
  {
    title: 'resource manager',
    principal: RESOURCES,
    isDirectory: false,
    onUnit: 'ERR_PERMISSION_DENIED',
    onTemplate: 'ERR_PERMISSION_DENIED',
  },
  {
    title: 'directory: administrator',
    principal: ADMINISTRATOR,
    isDirectory: true,
    onUnit: 'permitted',
    onTemplate: 'permitted',
  },
  {
    title: 'directory: operates',
    principal: by('operate'),
    isDirectory: true,
    onUnit: 'permitted',
    onTemplate: 'permitted',
  },
  {
    title: 'directory: operates all',
    principal: by('operate', '*'),
    isDirectory: true,
    onUnit: 'permitted',
    onTemplate: 'permitted',
  },
  {
    title: 'directory: views',
    principal: by('view'),
    isDirectory: true,
    onUnit: 'ERR_PERMISSION_DENIED',
    onTemplate: 'ERR_PERMISSION_DENIED',
  },
  {
    title: 'directory: views, and operates another',
    principal: {
      ...USER_B,
      grants: [
        { unit, permission: 'view' },
        { unit: 'gyoumu_z', permission: 'operate' },
      ],
    },
    isDirectory: true,
    onUnit: 'ERR_PERMISSION_DENIED',
    onTemplate: 'permitted',
  },
  {
    title: 'directory: operates another',
    principal: by('operate', 'gyoumu_z'),
    isDirectory: true,
    onUnit: 'ERR_NOT_FOUND',
    onTemplate: 'permitted',
  },
  {
    title: 'directory: the owner, who has no grant',
    principal: USER_A,
    isDirectory: true,
    onUnit: 'ERR_PERMISSION_DENIED',
    onTemplate: 'ERR_PERMISSION_DENIED',
  },
]

const nobody: Authenticator = {
  authenticate: async () => {
    throw new Error('not asked')
  },
}

/** A unit of user_a, and a template. */
async function prepare({ isDirectory }: Pick<Role, 'isDirectory'>): Promise<Office> {
  const options: Partial<ManagerOptions> = isDirectory ? { authenticator: nobody } : {}
  const office = await openOffice(options)
  const owner = office.administrator.as({
    ...USER_A,
    ...(isDirectory && { grants: [{ unit, permission: 'operate' }] }),
  })
  await owner.units.create(UNIT)
  await office.administrator.templates.register({ name: 'web-base', hypervisor: 'main', image: 'image-1' })
  return office
}

/** Whether it was rights that refused. */
function answerOf(error: unknown): Answer {
  if (isVmunitError(error, 'ERR_PERMISSION_DENIED')) return 'ERR_PERMISSION_DENIED'
  return isVmunitError(error, 'ERR_NOT_FOUND') && error.message.includes('may use') ? 'ERR_NOT_FOUND' : 'permitted'
}

async function answerTo(work: Promise<unknown>): Promise<Answer> {
  return await work.then(() => 'permitted' as const, answerOf)
}

const table = ROLES.flatMap((role) => BUILT_IN_OPERATIONS.map((operation) => ({ role, operation })))

describe('every operation, asked for in every role', () => {
  it('has an input in the table above', () => {
    expect(Object.keys(INPUTS).toSorted()).toEqual(BUILT_IN_OPERATIONS.map(({ name }) => name).toSorted())
  })

  it.each(table.map(({ role, operation }) => [operation.name, role.title, role, operation] as const))(
    '%s, %s',
    async (name, _title, role, operation) => {
      await using office = await prepare(role)
      const manager = office.administrator.as(role.principal)
      const expected = (operation.scope?.(INPUTS[name]) ?? {}).unit === undefined ? role.onTemplate : role.onUnit
      const before = await documentsOf(office.storePath)
      const plan = async (): Promise<unknown> => await manager.plan(operation as Operation, INPUTS[name])
      expect(await answerTo(plan())).toBe(expected)
      if (expected === 'permitted') return
      expect(await answerTo(manager.execute(operation as Operation, INPUTS[name]))).toBe(expected)
      expect(office.calls, 'a forbidden operation makes no driver call').toEqual([])
      expect(await documentsOf(office.storePath)).toEqual(before)
    },
  )

  it.each(ROLES.filter(({ onUnit }) => onUnit !== 'permitted'))(
    'a plan that somebody else made is not started: $title',
    async (role) => {
      await using office = await prepare(role)
      const plan = await office.administrator.plan(start, { unit })
      office.calls.length = 0
      const before = await documentsOf(office.storePath)
      expect(await answerTo(office.administrator.as(role.principal).start(plan))).toBe(role.onUnit)
      expect(office.calls).toEqual([])
      expect(await documentsOf(office.storePath)).toEqual(before)
    },
  )
})

const FUNCTIONS: readonly (readonly [string, (manager: Manager) => Promise<unknown>])[] = [
  ['units.delete', (manager) => manager.units.delete(unit)],
  ['resume', (manager) => manager.resume()],
]

const LOOKS: readonly (readonly [string, (manager: Manager) => Promise<unknown>])[] = [
  ['units.get', (manager) => manager.units.get(unit)],
  ['units.info', (manager) => manager.units.info(unit)],
  ['units.servers', (manager) => manager.units.servers(unit)],
  ['units.status', (manager) => manager.units.status(unit)],
  ['diagnose', (manager) => manager.diagnose({ unit })],
]

describe('every function of the manager, in every role', () => {
  it.each(LOOKS.flatMap(([name, look]) => ROLES.map((role) => [name, role.title, role, look] as const)))(
    '%s, %s',
    async (_name, title, role, look) => {
      await using office = await prepare(role)
      const maySee = role.onUnit === 'permitted' || title.includes('views')
      expect(await answerTo(look(office.administrator.as(role.principal)))).toBe(maySee ? 'permitted' : 'ERR_NOT_FOUND')
      if (!maySee) expect(office.calls).toEqual([])
    },
  )

  it.each(FUNCTIONS.flatMap(([name, work]) => ROLES.map((role) => [name, role.title, role, work] as const)))(
    '%s, %s',
    async (name, _title, role, work) => {
      await using office = await prepare(role)
      const expected = name === 'resume' ? role.onTemplate : role.onUnit
      const before = await documentsOf(office.storePath)
      expect(await answerTo(work(office.administrator.as(role.principal)))).toBe(expected)
      expect(office.calls).toEqual([])
      if (expected !== 'permitted') expect(await documentsOf(office.storePath)).toEqual(before)
    },
  )

  it.each(ROLES)('remove and notices.deliver are for administrators: $title', async (role) => {
    await using office = await prepare(role)
    const manager = office.administrator.as(role.principal)
    const expected = role.principal.role === 'administrator' ? 'permitted' : 'ERR_PERMISSION_DENIED'
    expect(await answerTo(manager.notices.deliver('mail', { notify: async () => {} }))).toBe(expected)
    const before = await documentsOf(office.storePath)
    expect(await answerTo(manager.remove())).toBe(expected)
    expect(await documentsOf(office.storePath), 'there is a unit').toEqual(before)
  })

  it('a request to the resource manager is answered by that person, also where a directory decides; one who views is refused', async () => {
    await using fleet = await createFleet()
    const administrator = fleet.another({ authenticator: nobody, principal: ADMINISTRATOR })
    const run = await administrator.start(await administrator.plan(requestResources, { ...ASKED, request: PATCH }))
    const request = await until(async () => (await administrator.requests.list())[0]?.id)
    const answer = { approve: false }
    expect(await answerTo(administrator.as(by('view')).answer(request, answer))).toBe('ERR_PERMISSION_DENIED')
    expect(await answerTo(administrator.as(RESOURCES).answer(request, answer))).toBe('permitted')
    expect(await refusal(run.result())).toMatchObject({ code: 'ERR_RUN_FAILED' })
  })

  it.each(ROLES)('requests.list shows what runs about units that one may see ask: $title', async (role) => {
    await using fleet = await createFleet()
    await fleet.build(unit, storyGroups().slice(0, 1))
    const administrator = fleet.another({
      principal: ADMINISTRATOR,
      ...(role.isDirectory && { authenticator: nobody }),
    })
    const runs = [
      await administrator.start(await administrator.plan(stop, { unit }), { approval: 'required' }),
      await administrator.start(await administrator.plan(requestResources, ASKED)),
      await administrator.start(await administrator.plan(requestResources, { ...ASKED, request: PATCH })),
    ]
    const [approval, servers, template] = runs.map(({ id }) => id)
    const asking = async ({ requests }: Manager) => new Set((await requests.list()).map(({ run }) => run))
    await expect.poll(async () => (await asking(administrator)).size).toBe(3)
    const ofUnits = role.onUnit === 'permitted' || role.title.includes('views') ? [approval, servers] : []
    const seen = role.principal.role === 'resourceManager' ? [servers, template] : [...ofUnits, template]
    expect(await asking(administrator.as(role.principal))).toEqual(new Set(seen))
    for (const run of runs) await run.cancel('enough')
  })

  it('requests of a unit go with it to its new owner', async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, storyGroups().slice(0, 1))
    const administrator = fleet.manager.as(ADMINISTRATOR)
    await administrator.accounts.create({ name: USER_B.name, password: PASSWORD })
    const run = await fleet.manager.start(await fleet.manager.plan(stop, { unit }), { approval: 'required' })
    const [mine, theirs] = [fleet.manager.requests, fleet.manager.as(USER_B).requests]
    await until(async () => (await mine.list())[0])
    expect(await theirs.list()).toEqual([])
    await administrator.units.changeOwner(unit, USER_B.name)
    expect(await mine.list()).toEqual([])
    expect(await theirs.list()).toMatchObject([{ run: run.id }])
    expect((await refusal(run.cancel('out of spite'))).code, 'what start returned').toBe('ERR_NOT_FOUND')
    await (await administrator.run(run.id)).cancel('enough')
  })

  it('a plan that somebody wrote, with a hash that fits, is refused before any call', async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, storyGroups().slice(0, 1))
    const { hash: _, seal, estimate, ...content } = await fleet.manager.plan(stop, { unit })
    const forged = { ...content, unit: undefined, claims: [] }
    const from = await mark(fleet.world)
    const stranger = fleet.manager.as(USER_B)
    const error = await refusal(stranger.start({ ...forged, hash: hashOf(forged), seal, estimate }))
    expect(error.code).toBe('ERR_PLAN_EDITED')
    expect(error.message).toMatch(/plan again/i)
    expect(await mutationsSince(fleet.world, from)).toEqual([])
  })

  it.each(ROLES)('units.create and templates.register: $title', async (role) => {
    await using office = await prepare(role)
    const manager = office.administrator.as(role.principal)
    const template = { name: 'new', hypervisor: 'main', image: 'i' }
    expect(await answerTo(manager.templates.register(template))).toBe(role.onTemplate)
    const grants = role.principal.role === 'administrator' ? undefined : role.principal.grants
    const isNamed = grants?.some((grant) => grant.unit === '*') ?? role.onTemplate === 'permitted'
    expect(await answerTo(manager.units.create({ ...UNIT, name: 'new' }))).toBe(
      isNamed ? 'permitted' : 'ERR_PERMISSION_DENIED',
    )
    expect(office.calls).toEqual([])
  })
})

describe('with an external directory', () => {
  const directory = (answer: () => unknown): Authenticator => ({ authenticate: async () => answer() as Principal })

  it('people come in with what it grants', async () => {
    const seen: unknown[] = []
    const authenticator: Authenticator = {
      async authenticate(name, secret) {
        seen.push([name, secret])
        return { name, role: 'builder', grants: [{ unit, permission: 'operate' }] }
      },
    }
    await using office = await openOffice({ authenticator })
    const mine = await office.administrator.authenticate('jp1user', PASSWORD)
    expect(seen).toEqual([['jp1user', PASSWORD]])
    await mine.units.create(UNIT)
    expect((await mine.units.list()).map(({ name }) => name)).toEqual([unit])
    expect((await refusal(mine.units.create({ ...UNIT, name: 'gyoumu_b' }))).code).toBe('ERR_PERMISSION_DENIED')
    await mine.units.delete(unit)
  })

  it('a local account lets nobody in', async () => {
    await using fleet = await createFleet()
    const { accounts } = fleet.manager.as(ADMINISTRATOR)
    await accounts.create({ name: 'user_a', password: PASSWORD })
    const authenticator: Authenticator = {
      authenticate: async () => {
        throw Object.assign(new Error('unknown user'), { code: 'EAUTH' })
      },
    }
    const other = fleet.another({ authenticator })
    expect((await refusal(other.authenticate('user_a', PASSWORD))).code).toBe('ERR_DRIVER')
  })

  it.each([
    ['nothing', () => undefined],
    ['a role that there is not', () => ({ name: 'x', role: 'root' })],
    ['a permission that there is not', () => ({ ...USER_A, grants: [{ unit, permission: 'all' }] })],
    ['an error that quotes the secret', () => Promise.reject(new Error(`LDAP: bind ${PASSWORD} failed`))],
  ])('an answer that is none lets nobody in: %s', async (_what, answer) => {
    await using office = await openOffice({ authenticator: directory(answer) })
    const error = await refusal(office.administrator.authenticate('user_a', PASSWORD))
    expect(error.code).toBe('ERR_DRIVER')
    expect(inspect(error, { depth: 10 })).not.toContain(PASSWORD)
  })

  it('an abort ends the question, also when the directory goes on', async () => {
    await using office = await openOffice({ authenticator: { authenticate: () => new Promise(() => {}) } })
    const over = new AbortController()
    const asked = office.administrator.authenticate('user_a', PASSWORD, { signal: over.signal })
    const reason = new Error('gave up')
    setImmediate(() => over.abort(reason))
    await expect(asked).rejects.toBe(reason)
  })

  it('who has to come in again neither pauses nor cancels by a run that was asked for before', async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, storyGroups().slice(0, 1))
    const office = fleet.another({ principal: ADMINISTRATOR })
    await office.accounts.create({ name: 'user_a', password: PASSWORD })
    const own = await office.authenticate('user_a', PASSWORD)
    const run = await own.start(await own.plan(stop, { unit }), { approval: 'required' })
    await run.until('waiting')
    await office.accounts.changePassword({ name: 'user_a', next: `${PASSWORD} again` })
    for (const work of [run.pause(), run.cancel('no')]) {
      expect((await refusal(work)).code).toBe('ERR_UNAUTHENTICATED')
    }
    expect((await run.state()).state).toBe('waiting')
  })

  it('who may only view neither pauses, cancels, resumes nor approves a run; who operates does', async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, storyGroups().slice(0, 1))
    const other = fleet.another({ authenticator: nobody, principal: ADMINISTRATOR })
    const [viewer, operator] = [other.as(by('view')), other.as({ ...by('operate'), name: 'user_c' })]
    const plan = await other.as({ ...USER_A, grants: [{ unit, permission: 'operate' }] }).plan(stop, { unit })
    const { id } = await other.start(plan, { approval: 'required' })
    const seen = await viewer.run(id)
    await seen.until('waiting')
    const { request = '' } = await seen.state()
    const before = await documentsOf(fleet.storePath)
    for (const work of [
      seen.pause(),
      seen.cancel('no'),
      viewer.resume(id),
      viewer.resume(),
      viewer.answer(request, { approve: true }),
    ]) {
      expect((await refusal(work)).code).toBe('ERR_PERMISSION_DENIED')
    }
    const stranger = other.as({ ...by('operate', 'gyoumu_z'), name: 'user_d' })
    expect((await refusal(stranger.answer(request, { approve: true }))).code).toBe('ERR_NOT_FOUND')
    expect((await refusal(stranger.run(id))).code).toBe('ERR_NOT_FOUND')
    expect(await documentsOf(fleet.storePath)).toEqual(before)
    await operator.answer(request, { approve: true })
    await operator.resume(id)
    await (await operator.run(id)).result()
    expect((await operator.units.get(unit)).groups[0]?.servers[0]?.status).toBe('stopped')
  })

  it('who resumes what is due gets hold only of what that person may see', async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, storyGroups().slice(0, 1))
    const run = await fleet.manager.start(await fleet.manager.plan(stop, { unit }), { approval: 'required' })
    await run.until('waiting')
    await fleet.manager.as(USER_B).answer((await run.state()).request ?? '', { approve: true })
    expect(await fleet.another({ principal: USER_B }).resume()).toEqual([])
    await run.result()
  })

  it('definitions and imports go on as before for who operates', async () => {
    await using fleet = await createFleet()
    const other = fleet.another({ authenticator: nobody, principal: ADMINISTRATOR })
    const operator = other.as(by('operate'))
    await operator.units.create(UNIT)
    const { hash } = await operator.definitions.add(memoryDefinition(TIERS, {}))
    expect((await operator.execute(importDefinition, { unit, definition: hash })).tiers).toHaveLength(TIERS.length)
  })
})
