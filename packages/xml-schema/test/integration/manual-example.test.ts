import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  attachGroups,
  createManager,
  detachGroups,
  type GroupDeclaration,
  importDefinition,
  type Manager,
  power,
  start,
  stop,
  updateUnit,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld, type World } from '@vmunit/core/testing'
import { formatVirtualServerInfo, parseVirtualServerInfo, readDefinition } from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'
import { type Files, VERSION, writeFiles } from '../support/definition-directory.ts'
import { SAMPLE } from '../unit/group-file-samples.ts'

const unit = 'gyoumu_a'

/** The tier of the manual's example, with an application that systemctl starts, stops and asks. */
const DEFINITION: Files = {
  'combined-system01/tier.properties': `tier.type=combined-tier
template=web-base
app.start=["systemctl","start","application"]
app.stop=["systemctl","stop","application"]
app.health=["systemctl","is-active","application"]
lb.use=edge
lb.virtualserver.name=gyoumu_a
lb.virtualserver.port=80
`,
  'combined-system01/version.properties': VERSION,
  'combined-system01/config/server.conf': 'Listen 80\n',
}

/** The file that the unit was built with. */
const BUILT_WITH = formatVirtualServerInfo([
  { name: 'vmgroup_1', servers: [serverOf('101')] },
  { name: 'vmgroup_2', servers: [serverOf('102')] },
])

function serverOf(host: string): GroupDeclaration['servers'][number] {
  return {
    tierId: 'combined-system01',
    address: `192.168.1.${host}`,
    port: 20580,
    serviceAddress: `192.168.2.${host}`,
  }
}

interface Story extends AsyncDisposable {
  readonly world: World
  readonly manager: Manager
  /** The resource manager: a clone of the template, with the addresses that are reported to the builder. */
  readonly clone: (host: string, power: 'on' | 'off') => Promise<string>
  readonly definition: string
}

async function openStory(): Promise<Story> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-example-'))
  const world = createWorld()
  const image = await world.admin.addImage({ template: 'web-base', version: 1 })
  const store = openSqliteStore(join(directory, 'vmunit.db'))
  const manager = createManager({
    hypervisors: { main: world.hypervisor },
    balancers: { edge: world.balancer },
    guests: world.guests,
    store,
    principal: { name: 'user_a', role: 'builder' },
  })
  await manager.templates.register({ name: 'web-base', hypervisor: 'main', image })
  const definition = join(directory, 'definition')
  await writeFiles(definition, DEFINITION)
  return {
    world,
    manager,
    definition,
    async clone(host, state) {
      const { address, serviceAddress = '' } = serverOf(host)
      return await world.admin.addMachine({
        name: `ap${host}`,
        image,
        addresses: [address, serviceAddress],
        power: state,
      })
    },
    async [Symbol.asyncDispose]() {
      await manager.close()
      await store.close()
      await world.close()
      await rm(directory, { recursive: true })
    },
  }
}

/** What `vmiunit status -unit gyoumu_a -target virtualserver` prints (spec §3.19). */
async function statusOf(manager: Manager): Promise<string> {
  const { servers } = await manager.units.status(unit)
  return servers
    .map(({ address, tierId, group, updateScope, logical, observed, balancer, access }) =>
      [
        `Virtual Server ID: ${address}`,
        `Tier ID: ${tierId}`,
        `Group Name: ${group}`,
        `Update Scope: ${updateScope}`,
        `Logical Status: ${logical}`,
        `Observed Status: ${observed}`,
        `LB Status: ${balancer}`,
        `Access: ${access}`,
        '',
      ].join('\n'),
    )
    .join('\n')
}

describe("the manual's example, letter for letter (6.2.3)", () => {
  it('vmgroup_1 of gyoumu_a is detached, attached from its file with 192.168.1.110, updated and started', async () => {
    await using story = await openStory()
    const { manager, world } = story
    for (const host of ['101', '102']) await story.clone(host, 'on')
    await manager.units.create({ name: unit, hypervisor: 'main', description: '業務A' })
    const { hash } = await manager.definitions.add(await readDefinition(story.definition))
    await manager.execute(importDefinition, { unit, definition: hash })
    await manager.execute(attachGroups, { unit, groups: parseVirtualServerInfo(BUILT_WITH), adopt: true })
    await manager.execute(updateUnit, { unit })
    await manager.execute(start, { unit, groups: ['vmgroup_1'] })
    expect(await statusOf(manager), 'the sample of spec 3.19').toBe(`\
Virtual Server ID: 192.168.1.101
Tier ID: combined-system01
Group Name: vmgroup_1
Update Scope: none
Logical Status: working
Observed Status: working
LB Status: unblocked
Access: online

Virtual Server ID: 192.168.1.102
Tier ID: combined-system01
Group Name: vmgroup_2
Update Scope: none
Logical Status: stopped
Observed Status: stopped
LB Status: blocked
Access: online
`)

    await manager.execute(stop, { unit })
    await manager.execute(detachGroups, { unit, groups: ['vmgroup_1'] })
    const clone = await story.clone('110', 'off')
    const groups = parseVirtualServerInfo(Buffer.from(SAMPLE))
    await manager.execute(attachGroups, { unit, groups, vms: { '192.168.1.110': 'ap110' }, adopt: true })
    expect(await statusOf(manager)).toContain(`\
Virtual Server ID: 192.168.1.110
Tier ID: combined-system01
Group Name: vmgroup_1
Update Scope: all
Logical Status: initial
Observed Status: stopped
LB Status: blocked
Access: offline
`)
    await manager.execute(power, { unit, groups: ['vmgroup_1'], to: 'on' })
    await manager.execute(updateUnit, { unit })
    await manager.execute(start, { unit })
    expect(await statusOf(manager)).toBe(`\
Virtual Server ID: 192.168.1.102
Tier ID: combined-system01
Group Name: vmgroup_2
Update Scope: none
Logical Status: working
Observed Status: working
LB Status: unblocked
Access: online

Virtual Server ID: 192.168.1.110
Tier ID: combined-system01
Group Name: vmgroup_1
Update Scope: none
Logical Status: working
Observed Status: working
LB Status: unblocked
Access: online
`)

    const machines = await world.admin.machines()
    expect(machines.find(({ id }) => id === clone)).toMatchObject({ serving: true, marker: { unit } })
    expect(machines.find(({ name }) => name === 'ap101')).toMatchObject({ marker: undefined })
    const [pool] = await world.admin.pools()
    expect(pool?.members.map(({ address }) => address).toSorted()).toEqual(['192.168.2.102', '192.168.2.110'])
  })
})
