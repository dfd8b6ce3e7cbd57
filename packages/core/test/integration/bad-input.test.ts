import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyTemplate, createManager, ERROR_CODES, isVmunitError, start, stop, updateUnit } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { createFleet, storyGroups } from '../support/fleet.ts'
import { openRawDatabase } from '../support/raw-database.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { UNIT } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

describe('a database that is not ours', () => {
  it('of another manager is refused at the first use, and left as it is', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const before = await documentsOf(fleet.storePath)
    const from = await mark(fleet.world)
    const stranger = fleet.another({ id: 'somebody' })
    for (const work of [
      () => stranger.units.list(),
      () => stranger.units.create({ name: 'x', hypervisor: 'main' }),
      () => stranger.plan(stop, { unit: UNIT }),
      () => stranger.execute(stop, { unit: UNIT }),
      () => stranger.resume(),
      () => stranger.templates.list(),
      () => stranger.requests.list(),
    ]) {
      const error = await refusal(work())
      expect(error.code).toBe('ERR_STORE_FOREIGN')
      expect(error.message).toContain('vmunit')
      expect(error.message).toContain('somebody')
    }
    expect(await documentsOf(fleet.storePath)).toEqual(before)
    expect(await mutationsSince(fleet.world, from)).toEqual([])
  })

  it('of a newer schema is refused, and left as it is', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.close()
    const schema = (value: number): void => {
      const database = openRawDatabase(fleet.storePath)
      database.prepare("UPDATE meta SET value = ? WHERE name = 'schema'").run(String(value))
      database.exec(`PRAGMA user_version = ${value}`)
      database.close()
    }
    schema(99)
    const from = await mark(fleet.world)
    const error = await refusal(
      (async () => {
        const manager = fleet.another()
        return await manager.units.list()
      })(),
    )
    expect(error.code).toBe('ERR_STORE_TOO_NEW')
    expect(error.message).toMatch(/newer version/)
    expect(await mutationsSince(fleet.world, from)).toEqual([])
    schema(2)
    expect(Object.keys(await documentsOf(fleet.storePath))).toContain(`unit/${UNIT}`)
  })

  it('that is no database is refused, and left as it is', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vmunit-bad-'))
    const path = join(directory, 'letter.txt')
    await writeFile(path, 'Dear reader, this is no database at all.\n'.repeat(50))
    const error = await refusal(
      (async () => {
        const store = openSqliteStore(path)
        try {
          return await store.get(['manager'])
        } finally {
          await store.close()
        }
      })(),
    )
    expect(error.code).toBe('ERR_STORE_FOREIGN')
    await rm(directory, { recursive: true })
  })
})

describe('names that mean nothing', () => {
  it('a unit, a group, a template and a version that do not exist', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await fleet.build(UNIT, storyGroups())
    const template = { template: 'web-base', version: 1 }
    const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['gyoumu_x', () => manager.execute(stop, { unit: 'gyoumu_x' })],
      ['gyoumu_x', () => manager.units.get('gyoumu_x')],
      ['gyoumu_x', () => manager.execute(applyTemplate, { unit: 'gyoumu_x', template })],
      ['vmgroup_x', () => manager.execute(start, { unit: UNIT, groups: ['vmgroup_1', 'vmgroup_x'] })],
      ['vmgroup_x', () => manager.execute(applyTemplate, { unit: UNIT, groups: ['vmgroup_x'], template })],
      ['no-such', () => manager.execute(applyTemplate, { unit: UNIT, template: { ...template, template: 'no-such' } })],
      ['7', () => manager.execute(applyTemplate, { unit: UNIT, template: { ...template, version: 7 } })],
      ['no-such', () => manager.templates.get('no-such')],
      ['2026-01-01-stop-12345678', () => manager.run('2026-01-01-stop-12345678')],
    ]
    for (const [name, work] of cases) {
      const error = await expectRefused(fleet, 'ERR_NOT_FOUND', work)
      expect(error.message).toContain(name)
    }
  })

  it('records that exist already, and hypervisors that nobody passed', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await fleet.build(UNIT, storyGroups())
    await expectRefused(fleet, 'ERR_ALREADY_EXISTS', () => manager.units.create({ name: UNIT, hypervisor: 'main' }))
    await expectRefused(fleet, 'ERR_ALREADY_EXISTS', () =>
      manager.templates.register({ name: 'web-base', hypervisor: 'main', image: 'image-1' }),
    )
    await expectRefused(fleet, 'ERR_NOT_CONFIGURED', () => manager.units.create({ name: 'x', hypervisor: 'other' }))
  })
})

describe('inputs that are none', () => {
  const template = { template: 'web-base', version: 1 }
  const inputs: readonly (readonly [string, object])[] = [
    ['an unknown field', { unit: UNIT, template, wave: 1 }],
    ['a misspelt unit', { unit: '../gyoumu_a', template }],
    ['no template', { unit: UNIT }],
    ['a version that is no number', { unit: UNIT, template: { template: 'web-base', version: '2' } }],
    ['version 0', { unit: UNIT, template: { template: 'web-base', version: 0 } }],
    ['no waves', { unit: UNIT, template, waves: [] }],
    ['a share of more than everything', { unit: UNIT, template, waves: [{ groups: '101%' }] }],
    ['a share that is none', { unit: UNIT, template, waves: [{ groups: 'half' }] }],
    ['a negative soak', { unit: UNIT, template, waves: [{ groups: 1, soakMs: -1 }] }],
    ['a gate of an unknown kind', { unit: UNIT, template, waves: [{ groups: 1, gate: { kind: 'moon' } }] }],
    ['waves with whole', { unit: UNIT, template, whole: true, waves: [{ groups: 1 }] }],
    ['no groups', { unit: UNIT, template, groups: [] }],
    ['an unknown order', { unit: UNIT, template, whole: true, returnOld: 'never' }],
  ]
  it.each(inputs)('%s', async (_what, input) => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const error = await expectRefused(fleet, 'ERR_INVALID_INPUT', () =>
      fleet.manager.execute(applyTemplate, input as never),
    )
    expect(error.message).toContain('applyTemplate')
  })

  it('a gate until no time is refused', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const waves = [{ groups: 1, gate: { kind: 'until' } }]
    await expectRefused(fleet, 'ERR_INVALID_INPUT', () =>
      fleet.manager.execute(updateUnit, { unit: UNIT, waves } as never),
    )
  })

  it('a manager id that is none', () => {
    expect(() =>
      createManager({
        id: 'no id',
        hypervisors: {},
        guests: {} as never,
        store: {} as never,
        principal: { name: 'user_a', role: 'builder' },
      }),
    ).toThrow(expect.objectContaining({ code: 'ERR_INVALID_INPUT' }))
  })

  it('every code has a meaning and a remedy', () => {
    for (const [code, { meaning, remedy }] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^ERR_[A-Z_]+$/)
      expect(meaning).toMatch(/\.$/)
      expect(remedy).toMatch(/\.$/)
    }
    expect(isVmunitError(new Error('no'))).toBe(false)
  })
})

describe('a manager that was closed', () => {
  it('refuses everything', async () => {
    await using fleet = await createFleet()
    const manager = fleet.another()
    await manager.close()
    await manager.close()
    for (const work of [
      () => manager.units.list(),
      () => manager.plan(stop, { unit: UNIT }),
      () => manager.run('x'),
      () => manager.resume(),
    ]) {
      expect((await refusal(work())).code).toBe('ERR_CLOSED')
    }
  })
})

describe('input of a program without type checks', () => {
  const wrong = (value: unknown): never => value as never

  it('leaves no record that nobody can read afterwards', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    for (const work of [
      () => manager.templates.register(wrong({ name: 'x', hypervisor: 'main' })),
      () => manager.templates.register(wrong({ name: 'x', hypervisor: 'main', image: 5 })),
      () => manager.templates.register(wrong({ name: 'x', hypervisor: 'main', image: 'image-1', note: 5 })),
      () => manager.templates.register(wrong(undefined)),
      () => manager.units.create(wrong({ name: 'x', hypervisor: 'main', description: 5 })),
      () => manager.units.create(wrong({ name: 'x', hypervisor: 'main', description: null })),
      () => manager.units.create(wrong(undefined)),
    ]) {
      await expectRefused(fleet, 'ERR_INVALID_INPUT', work)
    }
  })

  it('leaves no answer that the run cannot read', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { manager } = fleet
    const plan = await manager.plan(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    const run = await manager.start(plan, { approval: 'required' })
    await run.until('waiting')
    const [request] = await manager.requests.list()
    const second = manager.as({ name: 'user_b', role: 'builder' })
    for (const answer of [{ approve: 'yes' }, {}, { approve: true, note: 5 }, undefined]) {
      const error = await refusal(second.answer(request?.id ?? '', wrong(answer)))
      expect(error.code).toBe('ERR_INVALID_INPUT')
    }
    await second.answer(request?.id ?? '', { approve: true })
    await run.result()
  })
})
