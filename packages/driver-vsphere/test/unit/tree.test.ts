import { expect, it } from 'vitest'
import { filterSpec } from '../../src/properties/query.ts'
import { wholeTree } from '../../src/properties/tree.ts'
import { parseDocument } from '../../src/soap/parse-document.ts'
import { childOf, childrenOf, childText, type XmlNode } from '../../src/soap/xml-node.ts'

interface Entity {
  readonly type: string
  readonly [path: string]: string | readonly string[]
}

/** A vCenter as small as can be that has machines in all places where a real one may have them. */
const INVENTORY: Readonly<Record<string, Entity>> = {
  root: { type: 'Folder', childEntity: ['folder', 'dc'] },
  folder: { type: 'Folder', childEntity: [] },
  dc: { type: 'Datacenter', vmFolder: ['vms'], hostFolder: ['hosts'] },
  vms: { type: 'Folder', childEntity: ['vm-in-root', 'subfolder', 'app'] },
  subfolder: { type: 'Folder', childEntity: ['vm-in-folder'] },
  app: { type: 'VirtualApp', vm: ['vm-in-app'], resourcePool: ['inner-app', 'pool'] },
  'inner-app': { type: 'VirtualApp', vm: ['vm-in-inner-app'], resourcePool: [] },
  pool: { type: 'ResourcePool', vm: ['vm-in-pool-of-app'], resourcePool: [] },
  hosts: { type: 'Folder', childEntity: ['cluster'] },
  cluster: { type: 'ClusterComputeResource', host: ['host-1'], resourcePool: ['root-pool'] },
  'root-pool': { type: 'ResourcePool', vm: ['vm-in-root', 'vm-in-folder'], resourcePool: ['app'] },
  'vm-in-root': { type: 'VirtualMachine', resourcePool: ['root-pool'] },
  'vm-in-folder': { type: 'VirtualMachine', resourcePool: ['root-pool'] },
}
const BASES: Readonly<Record<string, string>> = {
  VirtualApp: 'ResourcePool',
  ClusterComputeResource: 'ComputeResource',
}

/** What the property collector comes to, as its reference says it, in its order; vcsim does not look at types. */
function visits({ looksAtTypes }: { readonly looksAtTypes: boolean }): readonly string[] {
  const query = { properties: [], objects: [wholeTree({ type: 'Folder', id: 'root' })] }
  const xml = filterSpec('spec', query).replace('<spec>', '<spec xmlns:xsi="i">')
  const objectSet = childOf(parseDocument(xml), 'objectSet')
  if (objectSet === undefined) throw new Error('no objectSet')
  const steps = childrenOf(objectSet, 'selectSet')
  const seen: string[] = []
  function visit(id: string, next: readonly XmlNode[]): void {
    seen.push(id)
    const { type, ...paths }: Entity = INVENTORY[id] ?? { type: '' }
    for (const step of next) {
      const of = childText(step, 'type')
      if (looksAtTypes && of !== type && of !== BASES[type]) continue
      const names = childrenOf(step, 'selectSet').map((one) => childText(one, 'name'))
      const following = steps.filter((one) => names.includes(childText(one, 'name')))
      for (const other of paths[childText(step, 'path') ?? ''] ?? []) visit(other, following)
    }
  }
  visit(childText(objectSet, 'obj') ?? '', steps)
  return seen
}

it('a look at everything comes to machines in folders, in vApps, and in what a vApp holds', () => {
  const found = new Set(visits({ looksAtTypes: true }).filter((id) => /^(vm|host)-/.test(id)))
  expect([...found].toSorted()).toEqual([
    'host-1',
    'vm-in-app',
    'vm-in-folder',
    'vm-in-inner-app',
    'vm-in-pool-of-app',
    'vm-in-root',
  ])
})

it('a look at everything comes to a machine by its folder and its pool, not once for each other machine', () => {
  const seen = visits({ looksAtTypes: false })
  for (const id of ['vm-in-root', 'vm-in-folder']) expect(seen.filter((one) => one === id)).toHaveLength(2)
})
