import { memberOf, membersOf } from './balancer-calls.ts'
import type { Handlers } from './calls.ts'
import { readFaultRules } from './fault-rule.ts'
import { activate } from './faults.ts'
import { copyOf, filesBelow, findFile, putFile } from './files.ts'
import { addImage, checkVersion } from './image-calls.ts'
import { addMachine, dropMachine, machineOf } from './machine-store.ts'
import { switchOff, switchOn } from './power.ts'
import type { WorldState } from './state.ts'
import { imageTruth, machineTruth } from './truth.ts'

type Methods =
  | `admin.${'addImage' | 'addMachine' | 'cloneMachine' | 'setPower' | 'removeMachine' | 'setMarkerReadable'}`
  | `admin.${'setConnections' | 'writeFile' | 'readFile' | 'files' | 'machines' | 'images' | 'pools'}`
  | `admin.${'faults' | 'holdCreations' | 'blind' | 'log'}`

/** What a person with all the rights can do. */
export function adminCalls(state: WorldState): Handlers<Methods> {
  const fileOf = (text: string) => state.blobs.file(text, text.startsWith('#!'))

  return {
    'admin.addImage': ({ template, version = 1, files = {} }) => {
      const as =
        template === undefined ? undefined : { template, version, operationId: `by-hand/${template}:${version}` }
      if (as !== undefined) checkVersion(state, as)
      const image = addImage(state, { parent: undefined, version: as })
      for (const [path, text] of Object.entries(files)) putFile(image.files, path, fileOf(text))
      return image.id
    },
    'admin.addMachine': ({ name, image, addresses, power, failureDomain }) => {
      const machine = addMachine(state, { name, image, addresses, failureDomain })
      if (power === 'on') switchOn(state, machine)
      return machine.id
    },
    'admin.cloneMachine': (id, name) => {
      const { image, addresses, failureDomain, hostKey, files, marker } = machineOf(state, id)
      const copy = { name, image, addresses, failureDomain, hostKey, files: copyOf(files), marker: () => marker }
      return addMachine(state, copy).id
    },
    'admin.setPower': (id, power) => {
      const machine = machineOf(state, id)
      if (power === 'on') switchOn(state, machine)
      else switchOff(state, machine)
    },
    'admin.removeMachine': (id) => dropMachine(state, machineOf(state, id)),
    'admin.setMarkerReadable': (id, readable) => {
      machineOf(state, id).markerReadable = readable
    },
    'admin.setConnections': (pool, slot, connections) => {
      memberOf(state, pool, slot).connections = connections
    },
    'admin.writeFile': (id, path, text) => putFile(machineOf(state, id).files, path, fileOf(text)),
    'admin.readFile': (id, path) => {
      const file = findFile(machineOf(state, id).files, path)
      return file === undefined ? undefined : new TextDecoder().decode(file.bytes)
    },
    'admin.files': (id) => filesBelow(machineOf(state, id).files, '/').map(([path]) => path),
    'admin.machines': () => [...state.machines.values()].map((machine) => machineTruth(state, machine)),
    'admin.images': () => [...state.images.values()].map(imageTruth),
    'admin.pools': () => [...state.pools.values()].map((pool) => ({ ...pool.pool, members: membersOf(pool) })),
    'admin.faults': (rules) => {
      state.faults = activate(readFaultRules(rules))
    },
    'admin.holdCreations': (hold) => state.creationGate.set(hold),
    'admin.blind': (parts) => {
      state.blind.clear()
      for (const part of parts) state.blind.add(part)
    },
    'admin.log': (from) => state.log.events.slice(Math.max(0, from - 1)),
  }
}
