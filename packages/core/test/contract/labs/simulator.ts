import { createWorld, type FaultRule, type World } from '../../../src/testing/index.ts'

/** A world to make labs in, and what must not come twice in it. */
export interface Simulator {
  readonly world: World
  nextAddress(): string
}

/** Makes a simulator around a world; by default around a new one in this process. */
export function createSimulator(world: World = createWorld({ limits: { create: 8 } })): Simulator {
  let count = 0
  return {
    world,
    nextAddress() {
      count += 1
      return `10.1.${count >> 8}.${count & 255}`
    },
  }
}

/** Undoes what a rule that failed may have left behind, and ends the connection. */
export async function endLab({ admin, close }: World): Promise<void> {
  await admin.faults([])
  await admin.holdCreations(false)
  await admin.blind([])
  await close()
}

/** A fault that makes the answer of the next such call get lost. */
export function lostAnswer(call: string): FaultRule {
  return { call, times: 1, effect: { type: 'lostAnswer' } }
}
