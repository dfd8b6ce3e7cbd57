// Adds a group to a unit that runs, made from the template of its tier, and takes it out again.
import { createManager, formatPlan, isVmunitError, scaleIn, scaleOut } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'
import { parseVirtualServerInfo } from '@vmunit/xml-schema'
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
await show('Before')

// The same file that attaches servers says which ones to make: a group, its tiers and the addresses they shall have.
const groups = parseVirtualServerInfo(`<?xml version="1.0" encoding="UTF-8"?>
<virtualserver-info xmlns="http://www.cosminexus.com/mngsvr/schema/VirtualServerInfo-1.0">
  <group name="vmgroup_4">
    <virtualserver tier="web" ip="192.168.1.104" port="20580"/>
    <virtualserver tier="web" ip="192.168.1.105" port="20580"/>
  </group>
</virtualserver-info>`)

// Out: a machine for each server, attached, switched on, given the definition, started, and only then sent traffic.
const plan = await manager.plan(scaleOut, { unit: 'gyoumu_a', groups })
console.log(`${formatPlan(plan)}\n`)
await (await manager.start(plan)).result()
await show('Scaled out')

// In: no more traffic, stop, detach, and the machines that were made are deleted.
await manager.execute(scaleIn, { unit: 'gyoumu_a', groups: ['vmgroup_4'] })
await show('Scaled in')

// The last group that serves a tier is never taken by mistake.
const names = ['vmgroup_1', 'vmgroup_2', 'vmgroup_3']
const refused: unknown = await manager.plan(scaleIn, { unit: 'gyoumu_a', groups: names }).catch((error) => error)
if (isVmunitError(refused)) console.log(`all of them: ${refused.code}`)

async function show(when: string): Promise<void> {
  const servers = await manager.units.servers('gyoumu_a')
  console.log(`${when}: ${servers.length} servers, ${(await world.admin.machines()).length} machines`)
  for (const { address, group, status, traffic } of servers) {
    console.log(`  ${address}  ${group}  ${status}, traffic ${traffic}`)
  }
  console.log()
}
