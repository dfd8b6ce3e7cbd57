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
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const UNIT = 'gyoumu_a'
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
  it('3.9 row 1: the unit does not exist', async () => {
    await using fleet = await createFleet()
    const definition = await add(fleet)
    const { code, exitClass: exit } = rowOf(DEFINITION_IMPORT_ROWS, '3.9.1')
    const error = await expectRefused(fleet, code, () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition }),
    )
    expect(exitClass(error)).toBe(exit)
  })

  it('3.9 row 5: a tier in use by attached servers would vanish: the one before stays registered', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const definition = await add(fleet, TEXTS, TIERS.slice(0, 2))
    const { code, exitClass: exit } = rowOf(DEFINITION_IMPORT_ROWS, '3.9.5')
    const error = await expectRefused(fleet, code, () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition }),
    )
    expect(exitClass(error)).toBe(exit)
    expect(error.message).toContain('192.168.1.103 (web)')
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_3'] })
    await fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_3'] })
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition })
    expect((await fleet.manager.units.get(UNIT)).tiers.map(({ id }) => id)).toEqual(['combined', 'app'])
  })

  it('3.9 row 5: a group that is attached after the plan was made keeps its tier', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const definition = await add(fleet, TEXTS, TIERS.slice(0, 2))
    const plan = await fleet.manager.plan(importDefinition, { unit: UNIT, definition })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups() })
    const error = await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start(plan))
    expect(exitClass(error)).toBe(64)
    expect(error.message).toContain('usedTier')
  })

  it('3.9 row 6: another run imports, or attaches', async () => {
    await using fleet = await createFleet()
    const definition = await prepare(fleet)
    const { code, exitClass: exit } = rowOf(DEFINITION_IMPORT_ROWS, '3.9.6')
    const end = await importing(fleet)
    const again = await expectRefused(fleet, code, () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition }),
    )
    expect(exitClass(again)).toBe(exit)
    const attach = await expectRefused(fleet, code, () =>
      fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups() }),
    )
    expect(exitClass(attach)).toBe(exit)
    await end()
    const run = await fleet.manager.start(
      await fleet.manager.plan(attachGroups, { unit: UNIT, groups: storyGroups().slice(0, 1) }),
      { approval: 'required' },
    )
    const error = await expectRefused(fleet, code, () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition }),
    )
    expect(error.details).toMatchObject({ runId: run.id })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(1) })
    await run.cancel('enough')
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition })
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

describe('definitions.export: the rows of spec 3.10', () => {
  it('gives what was registered, byte by byte, and changes nothing', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const source = memoryDefinition(TIERS, TEXTS)
    const before = await documentsOf(fleet.storePath)
    const from = await mark(fleet.world)
    const exported = await fleet.manager.definitions.export(UNIT)
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

  it('3.10 rows 1 and 2: no such unit (or one of somebody else), nothing registered', async () => {
    await using fleet = await createFleet()
    const none = rowOf(DEFINITION_EXPORT_ROWS, '3.10.1')
    const nobody = await expectRefused(fleet, none.code, () => fleet.manager.definitions.export(UNIT))
    expect(exitClass(nobody)).toBe(none.exitClass)
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    const stranger = fleet.manager.as({ name: 'user_b', role: 'builder' })
    await expectRefused(fleet, none.code, () => stranger.definitions.export(UNIT))
    const empty = rowOf(DEFINITION_EXPORT_ROWS, '3.10.2')
    const error = await expectRefused(fleet, empty.code, () => fleet.manager.definitions.export(UNIT))
    expect(exitClass(error)).toBe(empty.exitClass)
  })

  it('3.10 row 4: another definition is imported now', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const end = await importing(fleet)
    const { code, exitClass: exit } = rowOf(DEFINITION_EXPORT_ROWS, '3.10.4')
    const error = await expectRefused(fleet, code, () => fleet.manager.definitions.export(UNIT))
    expect(exitClass(error)).toBe(exit)
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
  it('3.11 row 1: equal directories', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const result = await fleet.manager.definitions.compare(UNIT, memoryDefinition(TIERS, TEXTS))
    expect(result).toEqual({ equal: true, files: [], tiers: [], scope: 'none', warnings: [] })
    expect(exitClass(result)).toBe(rowOf(DEFINITION_COMPARE_ROWS, '3.11.1').exitClass)
  })

  it('3.11 row 2: different directories, each difference by its path; nothing is stored', async () => {
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
    expect(exitClass(result)).toBe(rowOf(DEFINITION_COMPARE_ROWS, '3.11.2').exitClass)
    expect(await documentsOf(fleet.storePath)).toEqual(before)
  })

  it('says when an import would leave only applications to reflect', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const other = memoryDefinition(TIERS, { ...TEXTS, 'web/app/shop.ear': 'shop 2' })
    expect((await fleet.manager.definitions.compare(UNIT, other)).scope).toBe('applications')
  })

  it('3.11 row 3: no such unit (or one of somebody else), nothing registered, no definition', async () => {
    await using fleet = await createFleet()
    const source = memoryDefinition(TIERS, TEXTS)
    const nobody = await expectRefused(fleet, 'ERR_NOT_FOUND', () => fleet.manager.definitions.compare(UNIT, source))
    expect(exitClass(nobody)).toBe(64)
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    const stranger = fleet.manager.as({ name: 'user_b', role: 'builder' })
    await expectRefused(fleet, 'ERR_NOT_FOUND', () => stranger.definitions.compare(UNIT, source))
    await expectRefused(fleet, 'ERR_NOT_FOUND', () => stranger.definitions.scopes(UNIT))
    const error = await expectRefused(fleet, 'ERR_NOTHING_REGISTERED', () =>
      fleet.manager.definitions.compare(UNIT, source),
    )
    expect(exitClass(error)).toBe(64)
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition: await add(fleet) })
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

function rowOf<Row extends { readonly row: string }, Name extends Row['row']>(
  rows: readonly Row[],
  row: Name,
): Extract<Row, { readonly row: Name }> {
  const found = rows.find((one) => one.row === row)
  if (found === undefined) throw new Error(`there is no row ${row}`)
  return found as Extract<Row, { readonly row: Name }>
}
