// Servers are asked of a person: a notice goes out, the run waits, and a virtualserver-info.xml is the answer.
import {
  attachGroups,
  createManager,
  isVmunitError,
  type Notifier,
  requestResources,
  start,
  updateUnit,
} from '@vmunit/core'
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

// What the builder needs, and for how long. Nobody needs to wait for it in front of a screen.
const day = 86_400_000
const plan = await manager.plan(requestResources, {
  request: {
    kind: 'provideServers',
    unit: 'gyoumu_a',
    template: 'web-base',
    version: 1,
    groups: [{ name: 'vmgroup_4', servers: [{ tierId: 'web' }] }],
  },
  from: Date.now(),
  until: Date.now() + 14 * day,
  by: 'person',
})
const run = await manager.start(plan)
const { state } = await run.until('waiting')
console.log(`the run is ${state}, and no process is needed\n`)

// The notice. createMailNotifier of @vmunit/notify sends it by mail; a notifier of one's own is one function.
const mail: Notifier = {
  notify: async ({ subject, text }) => console.log(`Subject: ${subject}\n\n${text}\n`),
}
const administrator = manager.as({ name: 'admin', role: 'administrator' })
await administrator.notices.deliver('resources', mail, { topics: ['request'] })

// Days later: the resource manager has made the server, and sends the file about it.
const { image = '' } = (await world.hypervisor.inventory({})).machines[0] ?? {}
await world.admin.addMachine({ name: 'web-104', image, addresses: ['192.168.1.104'], power: 'on' })
const file = (group: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<virtualserver-info xmlns="http://www.cosminexus.com/mngsvr/schema/VirtualServerInfo-1.0">
  <group name="${group}"><virtualserver tier="web" ip="192.168.1.104" port="20580"/></group>
</virtualserver-info>`

// It is checked while the person who gives it can still correct it.
const [request] = await manager.requests.list()
const id = request?.id ?? ''
const resources = manager.as({ name: 'user_r', role: 'resourceManager' })
const wrong = { approve: true, content: { groups: parseVirtualServerInfo(file('vmgroup_7')) } }
await resources.answer(id, wrong).catch((error: unknown) => {
  if (isVmunitError(error)) console.log(`refused: ${error.message}`)
})
const right = { approve: true, content: { groups: parseVirtualServerInfo(file('vmgroup_4')) }, note: 'on host 7' }
await resources.answer(id, right)

// The run goes on by itself, in this process or in the next one, and the servers are attached like any others.
const { by, note, groups } = await run.result()
console.log(`provided by ${by}: ${groups.map(({ name }) => name).join(', ')}, ${note}\n`)
await manager.execute(attachGroups, { unit: 'gyoumu_a', groups, adopt: true })
await manager.execute(updateUnit, { unit: 'gyoumu_a' })
await manager.execute(start, { unit: 'gyoumu_a', groups: ['vmgroup_4'] })
for (const { address, group, status } of await manager.units.servers('gyoumu_a')) {
  console.log(`${address}  ${group}  ${status}`)
}
