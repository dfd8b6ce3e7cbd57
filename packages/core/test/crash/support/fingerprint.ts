import type { StateStore } from '@vmunit/core'
import type { World } from '@vmunit/core/testing'
import { documentsOf } from './bases.ts'

/**
 * The end of a story, in a form that two runs of the same plan share: every document, every machine as it really is
 * with the traces that commands left in it, the images and the pools.
 */
export async function fingerprint(world: World, store: StateStore, run: string): Promise<unknown> {
  const { admin } = world
  const images = await admin.images()
  const nameOf = new Map(
    images.map(({ id, template, version }) => [id, template === undefined ? 'unnamed' : `${template}:${version}`]),
  )
  const machines = await Promise.all(
    (await admin.machines()).map(async (machine) => await describe(world, machine, nameOf)),
  )
  const nameOfMachine = new Map(machines.map(({ id, identity }) => [id, identity]))
  const documents = [...(await documentsOf(store))].filter(([, value]) => JSON.stringify(value) !== '{}')
  const end = {
    documents: documents.map(([key, value]) => [key, withoutTimes(value, nameOfMachine, nameOf)]),
    machines: machines
      .map(({ id: _id, ...rest }) => rest)
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    images: images
      .map(({ id, parent, users }) => `${nameOf.get(id)} of ${nameOf.get(parent ?? '')}, ${users} users`)
      .sort(),
    pools: await admin.pools(),
  }
  return JSON.parse(JSON.stringify(end).replaceAll(run, 'RUN')) as unknown
}

type Machine = Awaited<ReturnType<World['admin']['machines']>>[number]

async function describe(
  { admin }: World,
  machine: Machine,
  nameOf: ReadonlyMap<string, string>,
): Promise<{ readonly id: string; readonly identity: string }> {
  const { id, marker, lineage, power, addresses, services, serving, creating } = machine
  const paths = (await admin.files(id)).map(decodeURIComponent)
  const logs = await Promise.all(
    paths.filter((path) => path.startsWith('/var/log/')).map(async (path) => [path, await admin.readFile(id, path)]),
  )
  // A machine that we made and handed over still has its name, which ends in a hash of the operation id.
  const unmarked = machine.name.replace(/-[0-9a-f]{10}$/, '-HASH')
  const identity = marker === undefined ? unmarked : `${marker.unit} ${marker.slot} ${marker.operationId}`
  const state = { power, addresses, services, serving, creating, lineage: lineage.map((image) => nameOf.get(image)) }
  return { id, identity, ...state, ...{ paths, logs } }
}

/** What differs from run to run without a meaning: moments, and the numbers that the platform gave. */
function withoutTimes(
  value: unknown,
  machines: ReadonlyMap<string, string>,
  images: ReadonlyMap<string, string>,
): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (key, member: unknown) => {
    if (key === 'time' || key === 'until') return 0
    // What was collected holds the moment at which it was.
    if (key === 'diagnostics' && typeof member === 'string') return 'ARCHIVE'
    if (typeof member !== 'string') return member
    return machines.get(member) ?? images.get(member) ?? member
  }) as unknown
}
