// Patches servers where they are, group by group: out of traffic, stop, commands as jobs, a proved reboot, start.
import { applyPatch, createManager, formatPlan, groupOfChange } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'
import { buildSmallFleet } from './support/small-fleet.ts'

await using world = createWorld()
await using store = openSqliteStore(':memory:')
await using manager = createManager({
  hypervisors: { main: world.hypervisor },
  balancers: { edge: world.balancer },
  guests: world.guests,
  store,
  principal: { name: 'user_a', role: 'builder' },
  timing: { pollMs: 50 },
})
await buildSmallFleet(world, manager)
const before = await bootIds()

// Each command is a job in the guest: it runs once, also when the connection or this process dies meanwhile.
const plan = await manager.plan(applyPatch, {
  unit: 'gyoumu_a',
  commands: [['dnf', '-y', 'upgrade', '--security']],
  reboot: true,
})
console.log(formatPlan(plan))

const run = await manager.start(plan)
console.log()
for await (const { type, data } of run.events()) {
  if (type === 'change.began') console.log(`${groupOfChange(data.change)} goes out of service`)
  if (type === 'change.done') console.log(`${groupOfChange(data.change)} serves again`)
}
const { outcomes } = await run.result()

// The run believes a reboot only when the guest shows another boot id. Here the same is asked by hand.
const after = await bootIds()
console.log()
for (const { server, address, status } of outcomes) {
  const proof = before.get(address) === after.get(address) ? 'not rebooted' : 'rebooted'
  console.log(`${server}: ${status}, ${proof}`)
}

console.log('\nWhat the package manager of each server did:')
for (const { id, addresses } of await world.admin.machines()) {
  console.log(`  ${addresses[0]}: ${(await world.admin.readFile(id, '/var/log/packages.log'))?.trim()}`)
}

/** The boot ids by address. A guest is opened only with the host keys that the hypervisor vouches for. */
async function bootIds(): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>()
  const { machines } = await world.hypervisor.inventory({ unit: 'gyoumu_a' })
  for (const { addresses, hostKeys = [] } of machines) {
    const [address = ''] = addresses
    await using guest = await world.guests.open({ address, hostKeys })
    ids.set(address, await guest.bootId())
  }
  return ids
}
