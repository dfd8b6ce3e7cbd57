import { randomUUID } from 'node:crypto'
import type { GuestTarget } from '../../../src/ports/index.ts'
import { type GuestLab, posixCommands } from '../../../src/testing/index.ts'
import { createSimulator, endLab, type Simulator } from './simulator.ts'

async function bootMachine({ world, nextAddress }: Simulator): Promise<{
  readonly id: string
  readonly target: GuestTarget
}> {
  const { admin, hypervisor } = world
  const address = nextAddress()
  const image = await admin.addImage({})
  const id = await admin.addMachine({ name: `guest-${randomUUID()}`, image, addresses: [address], power: 'on' })
  const { machines } = await hypervisor.inventory({ ids: [id] })
  return { id, target: { address, hostKeys: machines[0]?.hostKeys ?? [] } }
}

/** Two guests of a world. */
export async function openWorldGuestLab(simulator: Simulator = createSimulator()): Promise<GuestLab> {
  const { world } = simulator
  const { admin, guests } = world
  const first = await bootMachine(simulator)
  const second = await bootMachine(simulator)
  return {
    access: guests,
    reopen: async () => world.as('reopened').guests,
    target: first.target,
    secondTarget: second.target,
    scratch: '/srv/contract',
    commands: posixCommands,
    reboot: async () => {
      await admin.setPower(first.id, 'off')
      await admin.setPower(first.id, 'on')
    },
    unplug: async () => await admin.faults([{ call: 'guests.*', effect: { type: 'error', code: 'ERR_UNAVAILABLE' } }]),
    replug: async () => await admin.faults([]),
    close: async () => await endLab(world),
  }
}
