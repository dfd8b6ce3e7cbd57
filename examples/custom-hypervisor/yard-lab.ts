import { randomUUID } from 'node:crypto'
import type { HypervisorLab } from '@vmunit/core/testing'
import { type BoxYard, createBoxYard, YardError } from './box-yard.ts'
import { createYardDriver } from './yard-driver.ts'

/** The request of the yard that a call of the driver ends in. */
const REQUESTS = {
  create: 'build',
  power: 'turn',
  remove: 'scrap',
  adopt: 'label',
  release: 'label',
  publish: 'seal',
} as const

/** A yard, a driver on it, and the hands to disturb both: what the rules of the contract are measured with. */
export function openYardLab(): HypervisorLab {
  const own = createBoxYard({ name: 'base', labels: {} })
  const state = { isSilent: false, lost: new Set<keyof BoxYard>(), addresses: 0 }

  /** The yard over a bad line: what it did is done, also when the answer does not arrive. */
  const yard: BoxYard = {
    boxes: () => over('boxes', () => own.boxes()),
    images: () => over('images', () => own.images()),
    build: (box) => over('build', () => own.build(box)),
    label: (id, key, value) => over('label', () => own.label(id, key, value)),
    turn: (id, to) => over('turn', () => own.turn(id, to)),
    scrap: (id) => over('scrap', () => own.scrap(id)),
    seal: (id, image) => over('seal', () => own.seal(id, image)),
    discard: (image) => over('discard', () => own.discard(image)),
  }

  async function over<T>(name: keyof BoxYard, request: () => Promise<T>): Promise<T> {
    if (state.isSilent) throw new YardError('noAnswer', 'it is silent')
    const answer = await request()
    if (state.lost.delete(name)) throw new YardError('noAnswer', 'the answer was lost')
    return answer
  }

  const driver = createYardDriver(yard)
  return {
    driver,
    // How long what must happen soon may take, also on a machine with much to do.
    slowMs: 10_000,
    image: 'base',
    manager: 'contract',
    unit: `unit-${randomUUID()}`,
    linked: true,
    networks() {
      state.addresses += 1
      return [{ name: 'management', address: `10.1.0.${state.addresses}` }]
    },
    reopen: async () => createYardDriver(yard),
    async machineByHand(name) {
      const id = randomUUID()
      await own.build({ id, name, image: 'base', addresses: [], labels: {} })
      own.finishBuilding()
      return id
    },
    async copyByHand(id, name) {
      const copy = randomUUID()
      own.copy(id, { id: copy, name })
      return copy
    },
    holdCreations: async (on) => own.holdBuilding(on),
    loseNextAnswer: async (call) => void state.lost.add(REQUESTS[call]),
    goBlind: async (on) => {
      state.isSilent = on
    },
    close: () => driver.close(),
  }
}
