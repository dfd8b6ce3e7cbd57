import type { ObjectSet, PropertySet, Traversal } from './query.ts'
import type { Reference } from './reference.ts'

const FOLDERS: Traversal = {
  name: 'folder',
  type: 'Folder',
  path: 'childEntity',
  next: ['folder', 'machineFolder', 'hostFolder', 'host', 'pool', 'poolMachine'],
}
const MACHINE_FOLDERS: Traversal = { name: 'machineFolder', type: 'Datacenter', path: 'vmFolder', next: ['folder'] }
const HOST_FOLDERS: Traversal = { name: 'hostFolder', type: 'Datacenter', path: 'hostFolder', next: ['folder'] }
const HOSTS: Traversal = { name: 'host', type: 'ComputeResource', path: 'host' }
// A folder holds vApps, which are pools as well, and each of them may hold vApps and pools again.
const POOLS: Traversal = { name: 'pool', type: 'ResourcePool', path: 'resourcePool', next: ['pool', 'poolMachine'] }
const POOL_MACHINES: Traversal = { name: 'poolMachine', type: 'ResourcePool', path: 'vm' }

/**
 * Everything in the tree of an endpoint. Its root is part of it, so that a lost session shows: without it, a tree whose
 * branches may not be read looks like a tree without branches.
 */
export function wholeTree(rootFolder: Reference): ObjectSet {
  return { start: rootFolder, along: [FOLDERS, MACHINE_FOLDERS, HOST_FOLDERS, HOSTS, POOLS, POOL_MACHINES] }
}

/** Every host. */
export function hostTree(rootFolder: Reference): ObjectSet {
  const folders = { ...FOLDERS, next: ['folder', 'hostFolder', 'host'] }
  return { start: rootFolder, along: [folders, HOST_FOLDERS, HOSTS] }
}

/** What is read of folders, so that a lost session shows. */
export const FOLDER_PROPERTIES: PropertySet = { type: 'Folder', paths: ['name'] }
