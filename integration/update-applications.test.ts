import { cp, mkdtemp, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitClass, importDefinition, updateUnit } from '@vmunit/core'
import { readDefinition, writeDefinition } from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'
import { openSites, type SiteOpener } from './site/open-sites.ts'
import type { Site } from './site/site.ts'
import { earOf, putFile } from './support/application.ts'
import { buildUnit, type Fleet, storyGroups, watched } from './support/fleet.ts'
import { fleetForAll } from './support/fleet-for-all.ts'
import { fileInEach, standing } from './support/looks.ts'

const DEFINITION = fileURLToPath(new URL('./definition', import.meta.url))

const DEPLOYED = '/opt/deployed.ear'

// What a builder does to update applications (manual 6.2.2): export, change, compare, import, reflect.
describe.each(openSites())('applications on the $name', ({ open }: SiteOpener) => {
  const unit = 'gyoumu_a'
  const tiers = ['app', 'combined', 'web']
  let site: Site
  let fleet: Fleet
  let directory: string

  fleetForAll(open, async (opened) => {
    fleet = opened
    site = opened.site
    // It goes with the store.
    directory = await mkdtemp(join(dirname(fleet.storePath), 'applications-'))
    await buildUnit(fleet, { unit, groups: storyGroups(site) })
  })

  it('the registered directory is exported as it was imported', async () => {
    const { manager } = fleet
    const exported = join(directory, 'exported')
    await writeDefinition(await manager.definitions.export(unit), exported)
    const paths = async (from: string) => (await readdir(from, { recursive: true })).toSorted()
    expect(await paths(exported)).toEqual(await paths(DEFINITION))
    expect(await manager.definitions.compare(unit, await readDefinition(exported))).toMatchObject({ equal: true })
  }, 60_000)

  it('an application and the way it is deployed are a change of everything', async () => {
    const changed = await change('exported', 'first', async (to) => {
      for (const tier of tiers) {
        await putFile(to, `${tier}/app/shop.ear`, earOf('shop 1'))
        const properties = `${tier}/tier.properties`
        const deploy = `app.deploy=["cp","/opt/vmunit/definition/${tier}/app/shop.ear","${DEPLOYED}"]\n`
        await putFile(to, properties, (await readFile(join(to, properties), 'utf8')) + deploy)
      }
    })
    expect(changed).toBe('all')
    const refused = await fleet.manager.execute(updateUnit, { unit, scope: 'applications' })
    expect(refused.warnings).toHaveLength(4)
    await fleet.manager.execute(updateUnit, { unit, whole: true, allowOutage: true })
    expect(await deployed()).toEqual(Array(4).fill('shop 1'))
    expect(await scopes()).toEqual(['none'])
  }, 120_000)

  it('a changed application reaches servers that work, and they go on working', async () => {
    const { manager } = fleet
    const before = standing(await manager.units.get(unit))
    const changed = await change('first', 'second', async (to) => {
      for (const tier of tiers) await putFile(to, `${tier}/app/shop.ear`, earOf('shop 2'))
    })
    expect(changed).toBe('applications')
    await using watch = await site.watch(unit, watched(storyGroups(site)))
    const result = await manager.execute(updateUnit, { unit, scope: 'applications' })
    const { interrupted } = await watch.stop()
    expect(interrupted, 'groups that did not serve at some moment').toEqual([])
    expect(exitClass(result)).toBe(0)
    expect(await deployed()).toEqual(Array(4).fill('shop 2'))
    expect(standing(await manager.units.get(unit))).toEqual(before)
    expect(await scopes()).toEqual(['none'])
  }, 120_000)

  it('a changed setting is rolled over the groups while the others serve', async () => {
    const { manager } = fleet
    const changed = await change('second', 'third', async (to) => {
      for (const tier of tiers) await putFile(to, `${tier}/config/server.conf`, 'threads=8\n')
    })
    expect(changed).toBe('all')
    await using watch = await site.watch(unit, watched(storyGroups(site)))
    await manager.execute(updateUnit, { unit, waves: [{ groups: 1 }], allowOutage: true })
    const { fewest } = await watch.stop()
    expect(fewest, 'groups that served at any moment').toBeGreaterThanOrEqual(2)
    expect(await scopes()).toEqual(['none'])
    expect(standing(await manager.units.get(unit)).every((line) => line.includes(' working '))).toBe(true)
  }, 120_000)

  /** Changes a copy of a definition directory and imports it; tells what an import leaves to reflect. */
  async function change(from: string, to: string, edit: (path: string) => Promise<void>): Promise<string> {
    const { manager } = fleet
    const path = join(directory, to)
    await cp(join(directory, from), path, { recursive: true })
    await edit(path)
    const source = await readDefinition(path)
    const { scope } = await manager.definitions.compare(unit, source)
    const { hash } = await manager.definitions.add(source)
    await manager.execute(importDefinition, { unit, definition: hash })
    expect(await scopes()).toEqual([scope])
    return scope
  }

  async function scopes(): Promise<readonly string[]> {
    return [...new Set((await fleet.manager.definitions.scopes(unit)).values())]
  }

  async function deployed(): Promise<readonly string[]> {
    const texts = Object.values(await fileInEach(fleet, unit, DEPLOYED))
    return texts.flatMap((text) => /shop \d/.exec(text ?? '') ?? [])
  }
})
