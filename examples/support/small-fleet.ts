import { createHash } from 'node:crypto'
import {
  attachGroups,
  type DefinitionSource,
  type GroupDeclaration,
  importDefinition,
  type Manager,
  start,
  type Tier,
  updateUnit,
} from '@vmunit/core'
import type { World } from '@vmunit/core/testing'

const TIER: Tier = {
  id: 'web',
  type: 'combined-tier',
  startOrder: 1,
  template: 'web-base',
  application: {
    start: ['systemctl', 'start', 'application'],
    stop: ['systemctl', 'stop', 'application'],
    health: ['systemctl', 'is-active', 'application'],
    startTimeoutMs: 10_000,
  },
  balancer: { name: 'edge', pool: 'gyoumu_a', port: 80, drainTimeoutMs: 5_000 },
  networks: { management: 'management', service: 'service' },
}

/** What the example `first-unit` does, for those that begin where it ends: unit `gyoumu_a` with three running groups. */
export async function buildSmallFleet(world: World, manager: Manager): Promise<void> {
  const image = await world.admin.addImage({ template: 'web-base', version: 1 })
  await manager.templates.register({ name: 'web-base', hypervisor: 'main', image })
  const groups = [1, 2, 3].map((number): GroupDeclaration => {
    const server = { tierId: TIER.id, address: `192.168.1.10${number}`, port: 20580 }
    return { name: `vmgroup_${number}`, servers: [server] }
  })
  for (const { name, servers } of groups) {
    await world.admin.addMachine({ name, image, addresses: servers.map(({ address }) => address), power: 'on' })
  }
  await manager.units.create({ name: 'gyoumu_a', hypervisor: 'main' })
  const { hash } = await manager.definitions.add(definitionInMemory('web/config/httpd.conf', 'Listen 80\n'))
  await manager.execute(importDefinition, { unit: 'gyoumu_a', definition: hash })
  await manager.execute(attachGroups, { unit: 'gyoumu_a', groups, adopt: true })
  await manager.execute(updateUnit, { unit: 'gyoumu_a' })
  await manager.execute(start, { unit: 'gyoumu_a' })
}

/** A definition directory of one file that needs no directory. */
function definitionInMemory(path: string, text: string): DefinitionSource {
  const hash = createHash('sha256').update(text).digest('hex')
  return {
    tiers: [TIER],
    files: [{ path, hash, sizeBytes: Buffer.byteLength(text), executable: false }],
    async *read() {
      yield Buffer.from(text)
    },
  }
}
