import {
  attachGroups,
  detachGroups,
  exitClass,
  importDefinition,
  type Plan,
  stop,
  type Tier,
  updateUnit,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { DEFINITION_COMPARE_ROWS } from '../spec-rows/definition-compare.ts'
import { DEFINITION_EXPORT_ROWS } from '../spec-rows/definition-export.ts'
import { DEFINITION_IMPORT_ROWS } from '../spec-rows/definition-import.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { expectRow, expectRowRefused } from '../support/expect-row.ts'
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const UNIT = 'gyoumu_a'
const ROWS = [...DEFINITION_IMPORT_ROWS, ...DEFINITION_EXPORT_ROWS, ...DEFINITION_COMPARE_ROWS]
const row = (number: string) => rowOf(ROWS, number)
const title = (number: string): string => titleOf(row(number))
const TEXTS = { 'web/config/a': 'one', 'web/app/shop.ear': 'shop 1', 'hook/pre-setup': '#!/bin/sh' }

async function add(fleet: Fleet, texts: Readonly<Record<string, string>> = TEXTS, tiers = TIERS): Promise<string> {
  return (await fleet.manager.definitions.add(memoryDefinition(tiers, texts))).hash
}

/** A unit with a registered definition and no groups. */
async function prepare(fleet: Fleet): Promise<string> {
  await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
  const definition = await add(fleet)
  await fleet.manager.execute(importDefinition, { unit: UNIT, definition })
  return definition
}

/** A run that imports another definition and stands before its end: it has the claim. */
async function importing(fleet: Fleet): Promise<() => Promise<void>> {
  const plan = await fleet.manager.plan(importDefinition, { unit: UNIT, definition: await add(fleet, {}) })
  const run = await fleet.manager.start(plan, { approval: 'required' })
  return async () => await run.cancel('enough')
}

describe('importDefinition: the rows of spec 3.9', () => {
  it(title('3.9.1'), async () => {
    await using fleet = await createFleet()
    const definition = await add(fleet)
    await expectRowRefused(fleet, row('3.9.1'), () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition }),
    )
  })

  it(`${title('3.9.5')}: the one before stays registered`, async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const definition = await add(fleet, TEXTS, TIERS.slice(0, 2))
    const error = await expectRowRefused(fleet, row('3.9.5'), () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition }),
    )
    expect(error.message).toContain('192.168.1.103 (web)')
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_3'] })
    await fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_3'] })
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition })
    expect((await fleet.manager.units.get(UNIT)).tiers.map(({ id }) => id)).toEqual(['combined', 'app'])
  })

  it('a group that is attached after the plan was made keeps its tier', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const definition = await add(fleet, TEXTS, TIERS.slice(0, 2))
    const plan = await fleet.manager.plan(importDefinition, { unit: UNIT, definition })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups() })
    const error = await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start(plan))
    expect(exitClass(error)).toBe(64)
    expect(error.message).toContain('usedTier')
  })

  it(`${title('3.9.6')}: it imports, or attaches`, async () => {
    await using fleet = await createFleet()
    const definition = await prepare(fleet)
    const end = await importing(fleet)
    await expectRowRefused(fleet, row('3.9.6'), () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition }),
    )
    await expectRowRefused(fleet, row('3.9.6'), () =>
      fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups() }),
    )
    await end()
    const run = await fleet.manager.start(
      await fleet.manager.plan(attachGroups, { unit: UNIT, groups: storyGroups().slice(0, 1) }),
      { approval: 'required' },
    )
    const error = await expectRowRefused(fleet, row('3.9.6'), () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition }),
    )
    expect(error.details).toMatchObject({ runId: run.id })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(1) })
    await run.cancel('enough')
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition })
  })

  it(title('3.9.7'), async () => {
    await using fleet = await createFleet()
    const before = await prepare(fleet)
    const tiers = TIERS.slice(0, 1)
    const definition = await add(fleet, { 'combined/config/a': 'two' }, tiers)
    expect(definition).not.toBe(before)
    await expectRow(row('3.9.7'), fleet.manager.execute(importDefinition, { unit: UNIT, definition }))
    const unit = await fleet.manager.units.get(UNIT)
    expect([unit.definition, unit.tiers.map(({ id }) => id)]).toEqual([definition, ['combined']])
    expect((await fleet.manager.definitions.export(UNIT)).files.map(({ path }) => path)).toEqual(['combined/config/a'])
  })

  it(title('3.9.8'), async () => {
    await using fleet = await createFleet()
    await fleet.provide(storyGroups(), UNIT)
    await prepare(fleet)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups() })
    const scopes = async () => (await fleet.manager.units.status(UNIT)).servers.map(({ updateScope }) => updateScope)
    expect(await scopes(), 'never updated').toEqual(Array(4).fill('all'))
    await fleet.manager.execute(updateUnit, { unit: UNIT })
    expect(await scopes()).toEqual(Array(4).fill('none'))
    const applications = await add(fleet, { ...TEXTS, 'web/app/shop.ear': 'shop 2' })
    await expectRow(row('3.9.8'), fleet.manager.execute(importDefinition, { unit: UNIT, definition: applications }))
    expect(await scopes()).toEqual(Array(4).fill('applications'))
    const more = await add(fleet, { ...TEXTS, 'web/app/shop.ear': 'shop 2', 'web/config/a': 'two' })
    await expectRow(row('3.9.8'), fleet.manager.execute(importDefinition, { unit: UNIT, definition: more }))
    expect(await scopes()).toEqual(Array(4).fill('all'))
  })

  it('two imports that were planned side by side: the second is planned again', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const plans: Plan[] = []
    for (const text of ['two', 'three']) {
      const definition = await add(fleet, { ...TEXTS, 'web/config/a': text })
      plans.push(await fleet.manager.plan(importDefinition, { unit: UNIT, definition }))
    }
    await (await fleet.manager.start(plans[0]!)).result()
    const error = await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start(plans[1]!))
    expect(error.message).toContain('registeredDefinition of gyoumu_a')
  })

  it('a group is not attached to a tier that was lost after the plan was made', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const plan = await fleet.manager.plan(attachGroups, { unit: UNIT, groups: storyGroups() })
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition: await add(fleet, {}, TIERS.slice(0, 2)) })
    const error = await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start(plan))
    expect(error.message).toContain('knownTier of vmgroup_3/web/0')
  })

  it.each(['../a', '/a', 'a//b', 'web/./a', 'web/a\\b', 'web/a\nb', ''])('takes in no file %j', async (path) => {
    await using fleet = await createFleet()
    const before = await documentsOf(fleet.storePath)
    const error = await refusal(fleet.manager.definitions.add(memoryDefinition(TIERS, { [path]: 'x' })))
    expect(error.code).toBe('ERR_INVALID_INPUT')
    expect(error.message).toContain('must stay in its directory')
    expect(await documentsOf(fleet.storePath)).toEqual(before)
  })
})

describe('definitions.add', () => {
  const source = memoryDefinition(TIERS, TEXTS)

  it.each([
    ['a file that is in it twice', 'ERR_INVALID_DEFINITION', { files: [...source.files, ...source.files.slice(0, 1)] }],
    ['a tier that is in it twice', 'ERR_INVALID_DEFINITION', { tiers: [...TIERS, ...TIERS.slice(0, 1)] }],
    [
      'a file of another size',
      'ERR_CONFLICT',
      { files: source.files.map((file) => ({ ...file, sizeBytes: file.sizeBytes + 1 })) },
    ],
  ] as const)('refuses %s', async (_what, code, changed) => {
    await using fleet = await createFleet()
    await expectRefused(fleet, code, () => fleet.manager.definitions.add({ ...source, ...changed }))
  })
})

describe('definitions.export: the rows of spec 3.10', () => {
  it(`${title('3.10.6')}, byte by byte`, async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const source = memoryDefinition(TIERS, TEXTS)
    const before = await documentsOf(fleet.storePath)
    const from = await mark(fleet.world)
    const exporting = fleet.manager.definitions.export(UNIT)
    await expectRow(row('3.10.6'), exporting)
    const exported = await exporting
    expect({ tiers: exported.tiers, files: exported.files }).toEqual({ tiers: source.tiers, files: source.files })
    for (const [path, text] of Object.entries(TEXTS)) {
      expect(Buffer.concat(await Array.fromAsync(exported.read(path))).toString()).toBe(text)
    }
    await expect(Array.fromAsync(exported.read('../a'))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    expect(await documentsOf(fleet.storePath)).toEqual(before)
    expect(await mutationsSince(fleet.world, from)).toEqual([])
  })

  it('stays what it was when another definition is imported while it is read', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const exported = await fleet.manager.definitions.export(UNIT)
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition: await add(fleet, {}) })
    expect(Buffer.concat(await Array.fromAsync(exported.read('web/config/a'))).toString()).toBe('one')
    expect((await fleet.manager.definitions.export(UNIT)).files).toEqual([])
  })

  it('can be registered with another unit', async () => {
    await using fleet = await createFleet()
    const hash = await prepare(fleet)
    await fleet.manager.units.create({ name: 'gyoumu_b', hypervisor: 'main' })
    const { hash: again } = await fleet.manager.definitions.add(await fleet.manager.definitions.export(UNIT))
    expect(again).toBe(hash)
    await fleet.manager.execute(importDefinition, { unit: 'gyoumu_b', definition: again })
  })

  it(`${title('3.10.1')}, or is somebody else's`, async () => {
    await using fleet = await createFleet()
    await expectRowRefused(fleet, row('3.10.1'), () => fleet.manager.definitions.export(UNIT))
    await prepare(fleet)
    const stranger = fleet.manager.as({ name: 'user_b', role: 'builder' })
    await expectRowRefused(fleet, row('3.10.1'), () => stranger.definitions.export(UNIT))
  })

  it(title('3.10.2'), async () => {
    await using fleet = await createFleet()
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    await expectRowRefused(fleet, row('3.10.2'), () => fleet.manager.definitions.export(UNIT))
  })

  it(title('3.10.5'), async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const end = await importing(fleet)
    await expectRowRefused(fleet, row('3.10.5'), () => fleet.manager.definitions.export(UNIT))
    await end()
    expect((await fleet.manager.definitions.export(UNIT)).files).toHaveLength(3)
  })

  it('rejects with the reason of an abort', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const reason = new Error('enough')
    const call = { signal: AbortSignal.abort(reason) }
    await expect(fleet.manager.definitions.export(UNIT, call)).rejects.toBe(reason)
    await expect(fleet.manager.definitions.scopes(UNIT, call)).rejects.toBe(reason)
    const exported = await fleet.manager.definitions.export(UNIT)
    await expect(Array.fromAsync(exported.read('web/config/a', call))).rejects.toBe(reason)
  })
})

describe('definitions.compare: the rows of spec 3.11', () => {
  it(title('3.11.1'), async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const result = await fleet.manager.definitions.compare(UNIT, memoryDefinition(TIERS, TEXTS))
    expect(result).toEqual({ equal: true, files: [], tiers: [], scope: 'none', warnings: [] })
    expect(exitClass(result)).toBe(row('3.11.1').exitClass)
  })

  it(`${title('3.11.2')}, each difference by its path; nothing is stored`, async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const { 'hook/pre-setup': _hook, ...rest } = TEXTS
    const [combined, ...others] = TIERS
    const extra: Tier = { ...combined!, id: 'extra' }
    const tiers = [{ ...combined!, startOrder: 9 }, ...others.slice(1), extra]
    const other = memoryDefinition(tiers, { ...rest, 'web/app/shop.ear': 'shop 2', 'extra/config/b': '' })
    const before = await documentsOf(fleet.storePath)
    const result = await fleet.manager.definitions.compare(UNIT, other)
    expect(result).toEqual({
      equal: false,
      files: [
        { path: 'extra/config/b', change: 'added' },
        { path: 'hook/pre-setup', change: 'removed' },
        { path: 'web/app/shop.ear', change: 'changed' },
      ],
      tiers: [
        { path: 'app', change: 'removed' },
        { path: 'combined', change: 'changed' },
        { path: 'extra', change: 'added' },
      ],
      scope: 'all',
      warnings: [
        'file extra/config/b is not in the registered definition',
        'file hook/pre-setup is only in the registered definition',
        'file web/app/shop.ear differs from the registered definition',
        'tier app is only in the registered definition',
        'tier combined differs from the registered definition',
        'tier extra is not in the registered definition',
      ],
    })
    expect(exitClass(result)).toBe(row('3.11.2').exitClass)
    expect(await documentsOf(fleet.storePath)).toEqual(before)
  })

  it('says when an import would leave only applications to reflect', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const other = memoryDefinition(TIERS, { ...TEXTS, 'web/app/shop.ear': 'shop 2' })
    expect((await fleet.manager.definitions.compare(UNIT, other)).scope).toBe('applications')
  })

  it(`${title('3.11.3')}, or is somebody else's`, async () => {
    await using fleet = await createFleet()
    const source = memoryDefinition(TIERS, TEXTS)
    await expectRowRefused(fleet, row('3.11.3'), () => fleet.manager.definitions.compare(UNIT, source))
    await prepare(fleet)
    const stranger = fleet.manager.as({ name: 'user_b', role: 'builder' })
    await expectRowRefused(fleet, row('3.11.3'), () => stranger.definitions.compare(UNIT, source))
    await expectRefused(fleet, 'ERR_NOT_FOUND', () => stranger.definitions.scopes(UNIT))
  })

  it(title('3.11.4'), async () => {
    await using fleet = await createFleet()
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    await expectRowRefused(fleet, row('3.11.4'), () =>
      fleet.manager.definitions.compare(UNIT, memoryDefinition(TIERS, TEXTS)),
    )
  })

  it('compares with definitions only', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await expectRefused(fleet, 'ERR_INVALID_INPUT', () =>
      fleet.manager.definitions.compare(UNIT, { tiers: [], files: 1 as never }),
    )
  })
})

describe('a file of a load balancer connection', () => {
  it('goes to no server, because of its password, and comes back in an export', async () => {
    await using fleet = await createFleet()
    const groups = storyGroups()
    await fleet.provide(groups, UNIT)
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    const secret = 'lb.password=s3cret'
    const files = { 'web/tierlb.properties': secret, 'combined/vmi/tierlb.properties': secret, 'web/config/a': 'a' }
    const definition = await add(fleet, files)
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups, adopt: true })
    await fleet.manager.execute(updateUnit, { unit: UNIT })
    const paths: string[] = []
    for (const { id } of await fleet.world.admin.machines()) paths.push(...(await fleet.world.admin.files(id)))
    expect(paths.filter((path) => path.includes('tierlb'))).toEqual([])
    expect(paths.filter((path) => path.endsWith('web/config/a'))).toHaveLength(1)
    expect(JSON.stringify(await documentsOf(fleet.storePath))).not.toContain('s3cret')
    const exported = await fleet.manager.definitions.export(UNIT)
    expect(Buffer.concat(await Array.fromAsync(exported.read('web/tierlb.properties'))).toString()).toBe(secret)
  })
})
