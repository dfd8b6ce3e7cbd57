import type { GroupDeclaration } from '@vmunit/core'
import type { World } from '@vmunit/core/testing'

/** The images that exist before anybody patches anything, by template name. */
export type Images = ReadonlyMap<string, string>

/**
 * The images of the first template versions, made by hand.
 *
 * Like everything here it can be called again after it was interrupted: what is there stays.
 */
export async function provideImages(world: World, templates: readonly string[]): Promise<Images> {
  const { admin } = world.as('resource manager')
  const existing = await admin.images()
  const images = new Map<string, string>()
  for (const template of templates) {
    const found = existing.find((image) => image.template === template && image.version === 1)
    const files = { '/etc/release': `${template} 1\n` }
    images.set(template, found?.id ?? (await admin.addImage({ template, version: 1, files })))
  }
  return images
}

/**
 * The resource manager's answer to "machines for these groups, please": one for each server, switched on. They bear no
 * marker; the manager adopts them when their groups are attached.
 */
export async function provideMachines(
  world: World,
  groups: readonly GroupDeclaration[],
  { prefix, imageOf }: { readonly prefix: string; readonly imageOf: (tierId: string) => string },
): Promise<void> {
  for (const { name, servers } of groups) {
    for (const { tierId, address, serviceAddress } of servers) {
      const addresses = serviceAddress === undefined ? [address] : [address, serviceAddress]
      await provideMachine(world, { name: `${prefix}-${name}-${tierId}`, image: imageOf(tierId), addresses })
    }
  }
}

/** Machines of somebody else, whose names look as if they were ours. */
export async function provideStrangers(world: World, image: string): Promise<void> {
  await provideMachine(world, { name: 'gyoumu_a-vmgroup_1-combined-system01-old', image, addresses: ['172.16.0.11'] })
  await provideMachine(world, { name: 'vmgroup_1-combined-system01-0-5d41402abc', image, addresses: ['172.16.0.12'] })
}

async function provideMachine(
  world: World,
  machine: { readonly name: string; readonly image: string; readonly addresses: readonly string[] },
): Promise<void> {
  const { admin } = world.as('resource manager')
  const existing = await admin.machines()
  if (!existing.some(({ name }) => name === machine.name)) await admin.addMachine({ ...machine, power: 'on' })
}
