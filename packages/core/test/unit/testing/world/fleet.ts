import type { CreateMachine, Guest, Machine } from '../../../../src/ports/index.ts'
import type { World } from '../../../../src/testing/index.ts'

/** What to create in slot `g/web/<n>`. */
export function specOf(image: string, n = 0): CreateMachine {
  return {
    marker: { manager: 'm', unit: 'shop', slot: `g/web/${n}`, operationId: `r1/g/web/${n}/create#1` },
    name: `web-${n}`,
    image,
    networks: [{ name: 'lan', address: `10.0.0.${n + 1}` }],
  }
}

/** A machine of ours that is on, and its guest. */
export async function boot(world: World, spec: CreateMachine): Promise<{ machine: Machine; guest: Guest }> {
  const { id } = await world.hypervisor.create(spec)
  await world.hypervisor.power({ id, marker: spec.marker }, 'on')
  return await reach(world, id)
}

/** The guest of a machine that is on. */
export async function reach(world: World, id: string): Promise<{ machine: Machine; guest: Guest }> {
  const { machines } = await world.hypervisor.inventory({ ids: [id] })
  const [machine] = machines
  if (machine === undefined) throw new Error(`no machine ${id}`)
  const { addresses, hostKeys = [] } = machine
  return { machine, guest: await world.guests.open({ address: addresses[0] ?? '', hostKeys }) }
}

/** Standard output as text. */
export async function say(guest: Guest, ...argv: readonly [string, ...string[]]): Promise<string> {
  return new TextDecoder().decode((await guest.exec({ argv })).stdout)
}
