// A unit from nothing: template, definition directory and group file; attach, update, start.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attachGroups, createManager, importDefinition, start, updateUnit } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'
import { parseVirtualServerInfo, readDefinition } from '@vmunit/xml-schema'

const files = join(import.meta.dirname, 'first-unit')

// The data centre, simulated in this process. With real drivers only these few lines are others.
await using world = createWorld()
const image = await world.admin.addImage({ template: 'web-base', version: 1 })
for (const host of [101, 102]) {
  const addresses = [`192.168.1.${host}`, `192.168.2.${host}`]
  await world.admin.addMachine({ name: `web-${host}`, image, addresses, power: 'on' })
}

await using store = openSqliteStore(':memory:')
await using manager = createManager({
  hypervisors: { main: world.hypervisor },
  balancers: { edge: world.balancer },
  guests: world.guests,
  store,
  principal: { name: 'user_a', role: 'builder' },
})

await manager.templates.register({ name: 'web-base', hypervisor: 'main', image })
await manager.units.create({ name: 'gyoumu_a', hypervisor: 'main', description: '業務A' })

// What runs on the servers: the tiers, their application commands and their files.
const definition = await manager.definitions.add(await readDefinition(join(files, 'definition')))
await manager.execute(importDefinition, { unit: 'gyoumu_a', definition: definition.hash })

// Which servers there are. Each is bound to the machine that has its address, and the machine gets our marker.
const groups = parseVirtualServerInfo(await readFile(join(files, 'virtualserver-info.xml')))
await manager.execute(attachGroups, { unit: 'gyoumu_a', groups, adopt: true })

// Brings the definition to the servers, then starts the applications and sends them traffic.
await manager.execute(updateUnit, { unit: 'gyoumu_a' })
const { outcomes } = await manager.execute(start, { unit: 'gyoumu_a' })
for (const { server, status } of outcomes) console.log(`start ${server}: ${status}`)

const unit = await manager.units.get('gyoumu_a')
console.log(`\n${unit.name} (${unit.description}), owner ${unit.owner}`)
for (const { slot, address, status, traffic, templateVersion } of unit.groups.flatMap((group) => group.servers)) {
  console.log(`  ${address}  ${slot}  ${status}, traffic ${traffic}, made from web-base ${templateVersion}`)
}
