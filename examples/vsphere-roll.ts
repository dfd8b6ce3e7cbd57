// Patches a template on a vCenter and rolls it over two groups of guests that are reached over SSH (needs root).
import {
  applyTemplate,
  attachGroups,
  createManager,
  importDefinition,
  patchTemplate,
  start,
  updateUnit,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createSshAccess } from '@vmunit/driver-ssh'
import { connectVsphere } from '@vmunit/driver-vsphere'
import { startTestbed } from '@vmunit/testbed'
import { readDefinition } from '@vmunit/xml-schema'

// A vCenter API and guests on this machine. On a real one, its URL, user and CA stand here instead.
await using testbed = await startTestbed()
const { vcenter, ssh, hands } = testbed
const { url, ca, username } = vcenter

await using hypervisor = await connectVsphere({ url, ca, username, password: () => vcenter.password })
await using guests = createSshAccess({ username: ssh.username, privateKey: ssh.privateKey, port: ssh.port })
await using store = openSqliteStore(':memory:')
await using manager = createManager({
  hypervisors: { main: hypervisor },
  guests,
  store,
  principal: { name: 'user_a', role: 'builder' },
})

// What the resource manager provides: a template, and two machines that were made from it.
const image = await hands.provideTemplate({ name: 'web-base' })
const groups = [1, 2].map((n) => {
  const address = testbed.address('management', 0, n)
  return { name: `vmgroup_${n}`, servers: [{ tierId: 'web', address, port: 20580 }] }
})
for (const { name, servers } of groups) {
  await hands.provideMachine({ name, template: image, addresses: servers.map(({ address }) => address) })
}

// The unit: its groups, its definition, its servers at work.
await manager.templates.register({ name: 'web-base', hypervisor: 'main', image })
await manager.units.create({ name: 'gyoumu_a', hypervisor: 'main' })
const { hash } = await manager.definitions.add(await readDefinition(`${import.meta.dirname}/vsphere-roll/definition`))
await manager.execute(importDefinition, { unit: 'gyoumu_a', definition: hash })
await manager.execute(attachGroups, { unit: 'gyoumu_a', groups, adopt: true })
await manager.execute(updateUnit, { unit: 'gyoumu_a' })
await manager.execute(start, { unit: 'gyoumu_a' })

// The main job.
const { version } = await manager.execute(patchTemplate, {
  template: 'web-base',
  commands: [['touch', '/etc/patched']],
})
const { outcomes } = await manager.execute(applyTemplate, { unit: 'gyoumu_a', template: version })
for (const { server, status } of outcomes) console.log(`${server}: ${status}`)

// Asked in the guests themselves.
const { machines } = await hypervisor.inventory({ unit: 'gyoumu_a' })
for (const { addresses, hostKeys = [] } of machines) {
  await using guest = await guests.open({ address: addresses[0] ?? '', hostKeys })
  const { exitCode } = await guest.exec({ argv: ['test', '-f', '/etc/patched'] })
  console.log(exitCode === 0 ? 'patched' : 'not patched')
}
