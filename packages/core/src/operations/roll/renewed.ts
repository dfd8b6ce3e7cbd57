import type { Plain } from '../../domain/plain.ts'
import { currentVersion, type TemplateVersion } from '../../domain/template.ts'
import { VmunitError } from '../../errors/index.ts'
import type { World } from '../../ports/index.ts'
import { bindServer, createMachine, removeMachine } from '../steps/index.ts'
import { type MachineRef, type Member, machineOf, presentMachine } from './member.ts'
import { quarantineLane } from './quarantine.ts'
import type { QuarantineOptions } from './quarantine-options.ts'
import { draft, outputOf, type Stage, type StepDraft } from './stage.ts'

/** A server that gets a new machine, and the version that the machine is made from. */
export interface Renewed {
  readonly member: Member
  readonly version: TemplateVersion
}

/** A server with the version of its template that it is brought to. */
export function renewedFrom(world: World, member: Member, version: TemplateVersion): Renewed {
  const isOfTemplate = member.tier.template === version.template
  return { member, version: isOfTemplate ? version : ownVersion(world, member) }
}

/** A server of another template gets a machine of the version that new servers of its own are made from. */
export function ownVersion(world: World, { tier, server }: Member): TemplateVersion {
  const template = world.templates.get(tier.template)
  const version = template === undefined ? undefined : currentVersion(template)
  if (version !== undefined) return version
  throw new VmunitError(
    'ERR_NOT_FOUND',
    `Template ${tier.template} of server ${server.address} has no active version.`,
    {
      details: { server: server.slot, template: tier.template },
    },
  )
}

function createId({ member, version }: Renewed): string {
  return `${member.server.slot}/create@${version.template}:${version.number}`
}

/** The machine that will have been made. */
export function createdMachine(renewed: Renewed): MachineRef {
  const step = createId(renewed)
  return { machine: outputOf(step, 'machine'), id: outputOf(step, 'id') }
}

/** The same step for every server. */
export function each(name: string, replaced: readonly Renewed[], step: (renewed: Renewed) => StepDraft): Stage {
  return { name, lanes: replaced.map((renewed) => [step(renewed)]) }
}

/** Makes the new machine of a server, with the addresses of the server. */
export function create(renewed: Renewed): StepDraft {
  const { address, serviceAddress } = renewed.member.server
  return createAt(renewed, { management: address, service: serviceAddress })
}

/** Makes the new machine of a server with these addresses. */
export function createAt(renewed: Renewed, { management, service }: NonNullable<MachineRef['addresses']>): StepDraft {
  // In the place of the machine that is replaced, so that the fleet stays spread as it is.
  const { unit, tier, server, failureDomain } = renewed.member
  const networks = [
    { address: management, name: tier.networks.management },
    ...(service === undefined ? [] : [{ address: service, name: tier.networks.service }]),
  ]
  const input = {
    beside: true,
    ...(failureDomain !== undefined && { failureDomain }),
    hypervisor: unit.hypervisor,
    image: renewed.version.image,
    networks,
    slot: server.slot,
    unit: unit.name,
  }
  return draft(createMachine, { id: createId(renewed), server: server.slot, input })
}

/** Binds the server to its new machine, on which nothing is built yet. */
export function attach(renewed: Renewed): StepDraft {
  const { machine } = createdMachine(renewed)
  const templateVersion = renewed.version.number
  return bind(renewed.member, { verb: 'attach', machine, templateVersion, status: 'initial' })
}

/** Binds the server to the machine that it had, as it stood. */
export function rebind({ member }: Renewed): StepDraft {
  const { machine, templateVersion, definitionHash, status } = member.server
  return bind(member, {
    verb: 'rebind',
    machine: machine === undefined ? null : { ...machine },
    templateVersion,
    definitionHash,
    // Half built is half built, whatever definition is registered by now.
    status: status === 'initial' || status === 'fault(updating)' ? status : 'stopped',
  })
}

/** What becomes of the record of a slot. */
export interface Binding {
  readonly verb: string
  readonly machine: Plain
  readonly status?: 'initial' | 'stopped' | 'fault(updating)'
  readonly templateVersion?: number | undefined
  readonly definitionHash?: string | undefined
  /** See `BindServerInput.beside`. */
  readonly beside?: true | undefined
}

/** Binds a server to a machine, or empties its slot. */
export function bind({ unit, server }: Member, binding: Binding): StepDraft {
  const { verb, machine, status = 'stopped', templateVersion, definitionHash, beside } = binding
  return draft(bindServer, {
    id: `${server.slot}/${verb}`,
    server: server.slot,
    input: {
      ...(beside !== undefined && { beside }),
      definitionHash,
      machine,
      slot: server.slot,
      status,
      templateVersion,
      unit: unit.name,
    },
  })
}

/** Deletes the machine that a server is bound to when the plan is made, and that stands beside it by then. */
export function removeOld({ member }: Renewed): StepDraft {
  const { server } = member
  const input = { beside: true, ...machineOf(member, presentMachine(server.machine)) }
  return draft(removeMachine, { id: `${server.slot}/return-old`, server: server.slot, input, final: true })
}

/** Keeps the new machines for inspection. */
export function keepNewStage(renewed: readonly Renewed[], options: QuarantineOptions | undefined): Stage {
  return {
    name: 'quarantine',
    lanes: renewed.map((one) =>
      quarantineLane(one.member, { machine: createdMachine(one), verb: 'quarantine' }, options),
    ),
  }
}
