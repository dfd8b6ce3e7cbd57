import type { Plain } from '../../domain/plain.ts'
import type { ResourceRequest, WantedServer } from '../../domain/resource-request.ts'
import { slotOf } from '../../domain/slot.ts'
import { VmunitError } from '../../errors/index.ts'
import { assertNever } from '../../internal/assert-never.ts'
import type { World } from '../../ports/index.ts'
import { unitOf } from '../roll/members-of.ts'
import { draft, type Lane, outputOf, type StepDraft } from '../roll/stage.ts'
import * as steps from '../steps/index.ts'
import { machineAt, newestVersionOf, templateOf, versionOf } from './check-request.ts'

const START_TIMEOUT_MS = 900_000

/** What the hypervisor does for one server, and how that is undone. */
export interface Fulfilment {
  readonly lane: Lane
  readonly back: Lane
  /** What is done when every server is there, and cannot be undone. */
  readonly handOver: Lane
}

/** Lets the hypervisor do what the resource manager would do. */
export function byDriver(world: World, request: ResourceRequest): readonly Fulfilment[] {
  switch (request.kind) {
    case 'patchServer':
      return [patchServer(world, request)]
    case 'registerTemplate':
      return [registerTemplate(world, request)]
    case 'provideServers':
      return provideServers(world, request)
    case 'takeBack':
      return request.addresses.map((address) => takeBack(world, request.unit, address))
    default:
      return assertNever(request, 'kind of request')
  }
}

type Wanted<Kind extends ResourceRequest['kind']> = ResourceRequest & { readonly kind: Kind }

function patchServer(world: World, { template, version }: Wanted<'patchServer'>): Fulfilment {
  const { hypervisor, image } = versionOf(world, template, version)
  const place = { hypervisor, unit: '', slot: `template/${template}/patch` }
  return made('server', place, { image, networks: [{ name: 'management' }], awaitsGuest: true })
}

function provideServers(world: World, request: Wanted<'provideServers'>): readonly Fulfilment[] {
  const { hypervisor, image } = versionOf(world, request.template, request.version)
  const unit = unitOf(world, request.unit)
  return slotsOf(request).map(({ slot, server }) => {
    const networks = unit.tiers.find(({ id }) => id === server.tierId)?.networks
    const wanted = [
      { name: networks?.management ?? 'management', ...(server.address !== undefined && { address: server.address }) },
      ...(server.serviceAddress === undefined
        ? []
        : [{ name: networks?.service ?? 'service', address: server.serviceAddress }]),
    ]
    const place = { hypervisor, unit: unit.name, slot }
    const { lane, back } = made(slot, place, { image, networks: wanted, awaitsGuest: false })
    // It is handed over as a machine that a person made: whoever attaches it adopts it.
    const release = step(`${slot}/hand-over`, steps.releaseMachine, {
      ...place,
      machine: outputOf(`${slot}/create`, 'machine'),
    })
    return { lane, back, handOver: [{ ...release, final: true }] }
  })
}

/** The slots that the wanted servers will have, in the order of the request. */
export function slotsOf({ groups }: Wanted<'provideServers'>): readonly {
  readonly slot: string
  readonly group: string
  readonly server: WantedServer
}[] {
  return groups.flatMap(({ name, servers }) => {
    const counts = new Map<string, number>()
    return servers.map((server) => {
      const ordinal = counts.get(server.tierId) ?? 0
      counts.set(server.tierId, ordinal + 1)
      return { slot: slotOf(name, server.tierId, ordinal), group: name, server }
    })
  })
}

interface Place {
  readonly hypervisor: string
  readonly unit: string
  readonly slot: string
}

interface Making {
  readonly image: string
  readonly networks: readonly { readonly name: string; readonly address?: string }[]
  readonly awaitsGuest: boolean
}

/** Makes a machine, switches it on, and waits until its address is known. */
function made(prefix: string, place: Place, { image, networks, awaitsGuest }: Making): Fulfilment {
  const machine = outputOf(`${prefix}/create`, 'machine')
  const id = outputOf(`${prefix}/create`, 'id')
  const { hypervisor } = place
  const address = outputOf(`${prefix}/address`, 'address')
  return {
    lane: [
      step(`${prefix}/create`, steps.createMachine, { ...place, image, networks }),
      step(`${prefix}/power-on`, steps.powerMachine, { ...place, machine, to: 'on' }),
      step(`${prefix}/address`, steps.awaitAddress, { hypervisor, machine: id, timeoutMs: START_TIMEOUT_MS }),
      ...(awaitsGuest
        ? [
            step(`${prefix}/answer`, steps.awaitGuest, {
              hypervisor,
              machine: id,
              address,
              timeoutMs: START_TIMEOUT_MS,
            }),
          ]
        : []),
    ],
    back: [step(`${prefix}/discard`, steps.removeMachine, { ...place, machine })],
    handOver: [],
  }
}

function registerTemplate(world: World, request: Wanted<'registerTemplate'>): Fulfilment {
  const { template, server, deleteVersion } = request
  const { hypervisor, versions } = templateOf(world, template)
  const machine = machineAt(world, hypervisor, server)
  const { marker } = machine
  if (typeof marker !== 'object' || marker.manager !== world.manager) {
    throw new VmunitError(
      'ERR_NOT_ADOPTED',
      `The machine of ${server} bears no marker of this manager, so it is not made an image. Ask a person, or use a server that patchServer provided.`,
      { details: { address: server, machine: machine.id } },
    )
  }
  const parent = newestVersionOf(world, template)
  const owned = {
    hypervisor,
    unit: marker.unit,
    slot: marker.slot,
    machine: { id: machine.id, operationId: marker.operationId },
  }
  const deleted = versions.find(({ number }) => number === deleteVersion)
  return {
    lane: [
      step('register/shut-down', steps.powerMachine, { ...owned, to: 'shutdown' }),
      step('register/publish', steps.publishImage, {
        ...owned,
        template,
        version: parent + 1,
        parent,
        note: '',
        previous: 'keep',
      }),
      ...(deleted === undefined
        ? []
        : [
            step('register/delete', steps.removeImage, {
              hypervisor,
              template,
              version: deleted.number,
              image: deleted.image,
            }),
          ]),
    ],
    back: [],
    handOver: [],
  }
}

/** A machine that bears no marker is adopted first, so that nothing is ever deleted that is somebody else's. */
function takeBack(world: World, unitName: string, address: string): Fulfilment {
  const { hypervisor } = unitOf(world, unitName)
  const { id, marker } = machineAt(world, hypervisor, address)
  // Work machines belong to no unit; what another one has beside its servers, or keeps, is not for this one to give.
  const isOurs = typeof marker === 'object' && marker.manager === world.manager && ['', unitName].includes(marker.unit)
  if (marker !== 'none' && !isOurs) {
    throw new VmunitError(
      'ERR_NOT_OWNED',
      `The machine ${id} of ${address} belongs to somebody else, or cannot be read.`,
      {
        details: { address, machine: id },
      },
    )
  }
  const slot = isOurs ? marker.slot : `taken-back/${address}`
  const place: Place = { hypervisor, unit: isOurs ? marker.unit : unitName, slot }
  const machine = isOurs ? { id, operationId: marker.operationId } : outputOf(`${address}/adopt`, 'machine')
  const adopt = isOurs ? [] : [step(`${address}/adopt`, steps.adoptMachine, { ...place, id })]
  return {
    lane: [...adopt, step(`${address}/remove`, steps.removeMachine, { ...place, machine })],
    back: [],
    handOver: [],
  }
}

function step(id: string, kind: StepDraft['kind'], input: object): StepDraft {
  return draft(kind, { id, input: input as Plain })
}
