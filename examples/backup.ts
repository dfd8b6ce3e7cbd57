// The disk of the manager is lost in the middle of a roll: a backup is restored, and reconciled with the world.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyTemplate, createManager, isVmunitError, type Manager, patchTemplate, type StateStore } from '@vmunit/core'
import { backupSqliteStore, checkSqliteStore, openSqliteStore, restoreSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'
import { buildSmallFleet } from './support/small-fleet.ts'

await using world = createWorld({ latencyMs: { power: 200 } })
const folder = await mkdtemp(join(tmpdir(), 'vmunit-backup-'))
const file = join(folder, 'vmunit.db')
const copy = join(folder, 'backup.db')
const restored = join(folder, 'restored.db')

const open = (store: StateStore): Manager =>
  createManager({
    hypervisors: { main: world.hypervisor },
    balancers: { edge: world.balancer },
    guests: world.guests,
    store,
    principal: { name: 'user_a', role: 'builder' },
    timing: { pollMs: 50 },
  })

// A roll over three groups. Any process may back up at any time: here when the first group is done.
const before = openSqliteStore(file)
const first = open(before)
await buildSmallFleet(world, first)
const commands = [['dnf', '-y', 'upgrade', '--security']] as const
const { version } = await first.execute(patchTemplate, { template: 'web-base', commands })
const run = await first.start(await first.plan(applyTemplate, { unit: 'gyoumu_a', template: version }))
for await (const { type } of run.events()) if (type === 'change.done') break
await backupSqliteStore(file, copy)
console.log(`backed up; problems in the copy: ${checkSqliteStore(copy).length}`)

// The run comes to its end, and then the disk is gone. The backup knows of one group, the world of three.
await run.result()
await first.close()
await before.close()
await rm(file)

// Restored into a new file, never over one that exists.
await restoreSqliteStore(copy, restored)
await using store = openSqliteStore(restored)
await using manager = open(store)
for await (const { id, plan } of manager.runs({ states: ['interrupted'] })) {
  console.log(`${plan.operation.name} is interrupted: ${id === run.id ? 'our roll' : id}`)
}

// Machines bear the operation that made them. Those that the records do not know prove that records were lost, and
// nothing is touched on the strength of an old record.
try {
  await manager.resume(run.id)
} catch (error) {
  if (!isVmunitError(error, 'ERR_JOURNAL_BEHIND')) throw error
  console.log(`\n${error.message}`)
}

// Everything that was found is work of this very run, so it can go on from what the world shows: what is done is not
// done again, and the rest looks before it acts.
const known = new Set((await world.admin.machines()).map(({ id }) => id))
const [resumed] = await manager.resume(run.id, { adopt: true })
await resumed?.result()
const made = (await world.admin.machines()).filter(({ id }) => !known.has(id))
console.log(`\nmachines made by going on: ${made.length}`)
for (const { address, status, templateVersion } of await manager.units.servers('gyoumu_a')) {
  console.log(`${address}: ${status}, made from web-base ${templateVersion}`)
}
await rm(folder, { recursive: true })
