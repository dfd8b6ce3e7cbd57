import type { ObjectSet, PropertySet, Traversal } from './query.ts'
import type { Reference } from './reference.ts'

const FOLDERS: Traversal = {
  name: 'folder',
  type: 'Folder',
  path: 'childEntity',
  next: ['folder', 'machineFolder', 'hostFolder'],
}
const MACHINE_FOLDERS: Traversal = { name: 'machineFolder', type: 'Datacenter', path: 'vmFolder', next: ['machine'] }
const HOST_FOLDERS: Traversal = { name: 'hostFolder', type: 'Datacenter', path: 'hostFolder', next: ['computer'] }
const MACHINES: Traversal = { name: 'machine', type: 'Folder', path: 'childEntity', next: ['machine', 'appMachine'] }
const APP_MACHINES: Traversal = { name: 'appMachine', type: 'VirtualApp', path: 'vm' }
const COMPUTERS: Traversal = {
  name: 'computer',
  type: 'Folder',
  path: 'childEntity',
  next: ['computer', 'host', 'rootPool'],
}
const HOSTS: Traversal = { name: 'host', type: 'ComputeResource', path: 'host' }
// A vApp in a vApp is in no folder: it is found among the pools. No way leads from a machine to its pool: a server that
// does not look at the types of this tree would go it for each machine, to all machines of the pool.
const ROOT_POOLS: Traversal = {
  name: 'rootPool',
  type: 'ComputeResource',
  path: 'resourcePool',
  next: ['pool', 'poolMachine'],
}
const POOLS: Traversal = { name: 'pool', type: 'ResourcePool', path: 'resourcePool', next: ['pool', 'poolMachine'] }
const POOL_MACHINES: Traversal = { name: 'poolMachine', type: 'ResourcePool', path: 'vm' }

/**
 * Everything in the tree of an endpoint. Its root is part of it, so that a lost session shows: without it, a tree whose
 * branches may not be read looks like a tree without branches.
 */
export function wholeTree(rootFolder: Reference): ObjectSet {
  const toMachines = [MACHINE_FOLDERS, MACHINES, APP_MACHINES, ROOT_POOLS, POOLS, POOL_MACHINES]
  return { start: rootFolder, along: [FOLDERS, ...toMachines, HOST_FOLDERS, COMPUTERS, HOSTS] }
}

/** Every host. */
export function hostTree(rootFolder: Reference): ObjectSet {
  const [folders, computers] = [
    { ...FOLDERS, next: ['folder', 'hostFolder'] },
    { ...COMPUTERS, next: ['computer', 'host'] },
  ]
  return { start: rootFolder, along: [folders, HOST_FOLDERS, computers, HOSTS] }
}

/** What is read of folders, so that a lost session shows. */
export const FOLDER_PROPERTIES: PropertySet = { type: 'Folder', paths: ['name'] }
