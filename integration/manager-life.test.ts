import { mkdtemp, open as openFile, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import {
  applyPatch,
  createTemplate,
  deleteUnit,
  exitClass,
  isVmunitError,
  type Manager,
  type Principal,
  type Run,
  requestResources,
  runScript,
  scaleIn,
  scaleOut,
  start,
  stop,
} from '@vmunit/core'
import { backupSqliteStore, checkSqliteStore, openSqliteStore, restoreSqliteStore } from '@vmunit/core/sqlite-store'
import { readDefinition } from '@vmunit/xml-schema'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFileLogger } from '../packages/logger/src/index.ts'
import { createSyslogNotifier } from '../packages/notify/src/index.ts'
import { openSites, type SiteOpener } from './site/open-sites.ts'
import type { Site } from './site/site.ts'
import { directoryOf } from './support/directory.ts'
import { buildUnit, createFleet, type Fleet, openFleet, storyGroups, watched } from './support/fleet.ts'
import { machineOf, standing } from './support/looks.ts'

const DEFINITION = fileURLToPath(new URL('./definition', import.meta.url))
const ADMINISTRATOR: Principal = { name: 'admin', role: 'administrator' }
const HOUR_MS = 3_600_000

// What the administrator of a manager does from the first day to the last (manual, table 1-3), and what links it with
// other systems (3.2, 5.3); the titles have the sections.
describe.each(openSites())('the life of a manager on the $name', ({ open }: SiteOpener) => {
  const unit = 'gyoumu_a'
  const opened = new AsyncDisposableStack()
  let directory: string
  let site: Site
  let fleet: Fleet

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vmunit-life-'))
    opened.defer(async () => await rm(directory, { recursive: true }))
    site = opened.use(await open())
    fleet = opened.use(await createFleet(site, directory))
  }, 240_000)

  afterAll(async () => await opened.disposeAsync(), 60_000)

  const admin = (): Manager => fleet.manager.as(ADMINISTRATOR)
  const works = async (): Promise<boolean> =>
    standing(await admin().units.get(unit)).every((line) => line.includes(' working in '))

  /** Starts a run of many steps, and resolves when a few of them are done. */
  async function inTheMiddle(manager: Manager): Promise<Run> {
    const commands = Array.from({ length: 12 }, (_, index) => ['touch', `/etc/patched-${index}`] as const)
    const run = await manager.start(await manager.plan(applyPatch, { unit, commands }))
    let done = 0
    for await (const { type } of run.events()) if (type === 'step.done' && (done += 1) === 2) return run
    throw new Error('The run ended before it was in the middle.')
  }

  // One story, told in order: each chapter begins where the one before ended.
  it('3.1.1: what was designed is there: a server can be made from the template and is reached', async () => {
    const from = Date.now()
    const request = { kind: 'patchServer', template: 'app-base', version: 1 } as const
    const { provided } = await admin().execute(requestResources, { request, from, until: from + HOUR_MS, by: 'driver' })
    expect(provided).toMatchObject({ address: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/) })
  }, 120_000)

  it('3.1.2: a new store gets an administrator who can come in', async () => {
    await admin().accounts.changePassword({ name: 'admin', next: 'set at the first start' })
    const came = await fleet.manager.authenticate('admin', 'set at the first start')
    expect(await came.units.list()).toEqual([])
  }, 60_000)

  it('4.1.2: accounts of builders are added and deleted', async () => {
    const { accounts } = admin()
    for (const name of ['user_a', 'user_b']) await accounts.create({ name, password: 'a temporary one' })
    const mine = await fleet.manager.authenticate('user_a', 'a temporary one')
    await mine.accounts.changePassword({ name: 'user_a', current: 'a temporary one', next: 'my own word' })
    await accounts.delete('user_b')
    expect((await accounts.list()).map(({ name }) => name)).toContain('user_a')
    expect((await accounts.list()).map(({ name }) => name)).not.toContain('user_b')
  }, 60_000)

  it('5.2.1 to 5.2.5 and 6.1.1: the administrator tests the environment with a unit of the own', async () => {
    const manager = admin()
    const image = fleet.images.get('web-base') ?? ''
    await manager.execute(createTemplate, {
      template: 'test-base',
      hypervisor: 'main',
      from: { image },
      commands: [['touch', '/etc/installed']],
    })
    expect((await readDefinition(DEFINITION)).tiers).toHaveLength(3)
    await buildUnit({ ...fleet, manager }, { unit, groups: storyGroups(site).slice(0, 2) })
    await manager.execute(stop, { unit })
    await manager.execute(start, { unit })
    expect(await works()).toBe(true)
  }, 120_000)

  it('4.1.3 and 4.1.4: units are listed and given to another owner', async () => {
    expect((await admin().units.list()).map(({ name, owner }) => `${name} ${owner}`)).toEqual([`${unit} admin`])
    expect(await fleet.manager.units.list()).toEqual([])
    await admin().units.changeOwner(unit, 'user_a')
    expect((await fleet.manager.units.list()).map(({ name }) => name)).toEqual([unit])
  }, 60_000)

  it('4.1.1: a manager is stopped in the middle of a run, and the next one goes on with it', async () => {
    const first = await openFleet(fleet)
    const { id } = await inTheMiddle(first.manager)
    await first[Symbol.asyncDispose]()
    const [resumed] = await fleet.manager.resume(id)
    expect(resumed?.id, 'the run had not ended').toBe(id)
    await resumed?.result()
    expect(await works()).toBe(true)
  }, 120_000)

  it('4.1.5 and 4.3: a store is backed up in the middle of a run, is damaged, and the run goes on from the backup', async () => {
    const backup = join(directory, 'backup.db')
    const restored = join(directory, 'restored.db')
    const broken = await openFleet(fleet)
    const { id } = await inTheMiddle(broken.manager)
    const { documents, records } = await backupSqliteStore(fleet.storePath, backup)
    expect(Math.min(documents, records)).toBeGreaterThan(0)
    await broken[Symbol.asyncDispose]()
    await fleet[Symbol.asyncDispose]()
    await damage(fleet.storePath)
    expect(() => openSqliteStore(fleet.storePath)).toThrow(expect.objectContaining({ code: 'ERR_STORE_DAMAGED' }))
    expect(checkSqliteStore(fleet.storePath).length).toBeGreaterThan(0)

    await restoreSqliteStore(backup, restored)
    fleet = opened.use(await openFleet({ ...fleet, storePath: restored }))
    const { faults } = await fleet.manager.diagnose({ unit })
    expect(faults.map(({ part }) => part)).toContain('manager')
    const [resumed] = await fleet.manager.resume(id)
    expect(resumed?.id, 'the run had not ended').toBe(id)
    await resumed?.result()
    expect(await works()).toBe(true)
    expect((await fleet.manager.diagnose({ unit })).faults).toEqual([])
  }, 120_000)

  it('4.2.1: the host of the manager is patched while the fleet serves; nothing is left behind', async () => {
    const states = ['running', 'paused', 'interrupted'] as const
    expect(await Array.fromAsync(fleet.manager.runs({ states }))).toEqual([])
    await using watch = await site.watch(unit, watched(storyGroups(site).slice(0, 2)))
    await fleet[Symbol.asyncDispose]()
    fleet = opened.use(await openFleet(fleet))
    expect(await fleet.manager.resume()).toEqual([])
    expect((await fleet.manager.diagnose({ unit })).faults).toEqual([])
    expect(await watch.stop()).toEqual({ fewest: 2, interrupted: [] })
  }, 60_000)

  it('4.2.2: the log of the manager goes where it is sent, into so many files of such a size', async () => {
    const logs = join(directory, 'log')
    const maxBytes = 2_048
    await using logger = createFileLogger({ file: join(logs, 'manager.log'), maxBytes, files: 3, level: 'debug' })
    await using logged = await openFleet(fleet, { logger })
    for (const operation of [stop, start, stop, start]) await logged.manager.execute(operation, { unit })
    const files = await readdir(logs)
    expect(files).toContain('manager.log')
    expect(files.length).toBeLessThanOrEqual(3)
    for (const file of files) expect((await stat(join(logs, file))).size).toBeLessThanOrEqual(maxBytes)
    expect(await readFile(join(logs, 'manager.log'), 'utf8')).toContain('"level":"')
  }, 120_000)

  it('3.2: people and rights come from a directory of the surroundings', async () => {
    const authenticator = {
      authenticate: async (name: string): Promise<Principal> => ({
        name,
        role: 'builder',
        grants: [{ unit, permission: 'operate' }],
      }),
    }
    await using linked = await openFleet(fleet, { authenticator })
    const theirs = await linked.manager.authenticate('jp1user', 'known to the directory')
    await theirs.execute(stop, { unit, groups: ['vmgroup_1'] })
    await theirs.execute(start, { unit, groups: ['vmgroup_1'] })
    expect(await works()).toBe(true)
  }, 120_000)

  it('5.3: faults are told to a syslog collector', async () => {
    const streams: Promise<string>[] = []
    await using server = createServer((socket) => streams.push(text(socket)))
    const { promise: listening, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await listening
    const { port } = server.address() as { readonly port: number }
    const script = await fleet.manager.definitions.add(directoryOf({ 'user-script': '#!/bin/sh\nfalse\n' }))
    const failed = fleet.manager.execute(runScript, { unit, groups: ['vmgroup_1'], script: script.hash })
    await expect(failed).rejects.toSatisfy((error) => isVmunitError(error, 'ERR_RUN_FAILED'))
    const syslog = createSyslogNotifier({ host: '127.0.0.1', port, transport: 'tcp' })
    const told = await admin().notices.deliver('operators', syslog, { topics: ['fault'] })
    expect(told).toBeGreaterThan(0)
    expect((await Promise.all(streams)).join('\n')).toContain('vmgroup_1')
  }, 120_000)

  it('5.3: a job scheduler stops and starts the unit, and reads the exit class', async () => {
    for (const operation of [stop, start]) {
      const run = await fleet.manager.start(await fleet.manager.plan(operation, { unit }), { waitMs: 60_000 })
      expect((await run.state()).state).toBe('succeeded')
      expect(exitClass(await run.result())).toBe(0)
    }
  }, 120_000)

  it('5.3: too much load proposes a plan to scale out, which a person starts', async () => {
    const { manager } = fleet
    for (const group of ['vmgroup_1', 'vmgroup_2']) {
      await site.writeFile((await machineOf(site, unit, `${group}/combined/0`)).id, '/etc/load', '9')
    }
    const groups = [{ name: 'vmgroup_3', servers: [{ tierId: 'combined', port: 20580, ...site.addresses(40) }] }]
    const watch = manager.watchLoad({
      unit,
      tier: 'combined',
      command: ['cat', '/etc/load'],
      above: 8,
      times: 2,
      everyMs: 10,
      propose: async () => await manager.plan(scaleOut, { unit, groups }),
    })
    for await (const { load, plan } of watch) {
      expect(load.average).toBe(9)
      await (await manager.start(plan)).result()
      break
    }
    expect((await manager.units.get(unit)).groups).toHaveLength(3)
    await manager.execute(scaleIn, { unit, groups: ['vmgroup_3'] })
  }, 120_000)

  it('6.2.5: the administrator deletes the unit', async () => {
    await admin().execute(deleteUnit, { unit, detach: true })
    expect(await admin().units.list()).toEqual([])
  }, 120_000)

  it('3.3: the manager is removed', async () => {
    await admin().remove()
    await expect(fleet.manager.units.list()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  }, 60_000)
})

/** Overwrites a part of every page but the first ones, as a failing disk might. */
async function damage(path: string): Promise<void> {
  const file = await openFile(path, 'r+')
  const { size } = await file.stat()
  for (let at = 8_192; at < size; at += 4_096) await file.write(Buffer.alloc(64, 0x5a), 0, 64, at + 2_048)
  await file.close()
}
