import type { WorldAdmin } from './admin.ts'
import type { Ask } from './ask.ts'

/** The hands and eyes of a person in a world. */
export function adminPort(ask: Ask): WorldAdmin {
  return {
    addImage: async (image) => await ask('admin.addImage', [image]),
    addMachine: async (machine) => await ask('admin.addMachine', [machine]),
    cloneMachine: async (id, { name }) => await ask('admin.cloneMachine', [id, name]),
    setPower: async (id, power) => await ask('admin.setPower', [id, power]),
    removeMachine: async (id) => await ask('admin.removeMachine', [id]),
    setMarkerReadable: async (id, readable) => await ask('admin.setMarkerReadable', [id, readable]),
    setConnections: async (pool, slot, connections) => await ask('admin.setConnections', [pool, slot, connections]),
    writeFile: async (id, path, text) => await ask('admin.writeFile', [id, path, text]),
    readFile: async (id, path) => await ask('admin.readFile', [id, path]),
    files: async (id) => await ask('admin.files', [id]),
    machines: async () => await ask('admin.machines', []),
    images: async () => await ask('admin.images', []),
    pools: async () => await ask('admin.pools', []),
    faults: async (rules) => await ask('admin.faults', [rules]),
    holdCreations: async (hold) => await ask('admin.holdCreations', [hold]),
    blind: async (parts) => await ask('admin.blind', [parts]),
    log: async ({ from = 1 } = {}) => await ask('admin.log', [from]),
    saved: async () => await ask('admin.saved', []),
  }
}
