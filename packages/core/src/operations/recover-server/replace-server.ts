import { VmunitError } from '../../errors/index.ts'
import type { World } from '../../ports/index.ts'
import { usableVersion } from '../apply-template/apply-template.ts'
import { checkAdopted } from '../roll/check-machines.ts'
import { expectServer, expectUsable } from '../roll/expect.ts'
import { clearStage, rid } from '../roll/left-beside.ts'
import { type Member, presentMachine } from '../roll/member.ts'
import { quarantineLane } from '../roll/quarantine.ts'
import { attach, bind, create, createdMachine, each, ownVersion, type Renewed } from '../roll/renewed.ts'
import type { Stage } from '../roll/stage.ts'
import { blockStage, inPlace, powerOnStage, reflectStages, startStages, unblockStage } from '../roll/stages.ts'
import type { Recovery } from './repair-server.ts'

/** Plans how a server gets a new machine; the old one, where there is one, is kept for inspection. */
export function replaceServer(world: World, member: Member, wanted: number | undefined): Recovery {
  const { unit, group, tier, server } = member
  const number = wanted ?? server.templateVersion
  const version =
    number === undefined
      ? ownVersion(world, member)
      : usableVersion(world, { template: tier.template, version: number })
  const renewed: readonly Renewed[] = [{ member, version }]
  const placed = [{ member, machine: createdMachine({ member, version }) }]
  const was = `is ${server.status}${machineFault(world, member)}`
  const reason = `${version.template} ${server.templateVersion ?? '?'} → ${version.number}, ${was}${rid(server)}`
  return {
    line: { server: server.slot, address: server.address, action: 'replace', reason },
    procedure: {
      change: {
        group,
        action: 'replace',
        reason: `replaces the machine of ${server.address}`,
        disturbs: true,
        expects: [...expectServer(world, member), expectUsable(unit, group, version)],
      },
      stages: [
        clearStage(world, [member]),
        blockStage(inPlace([member])),
        keepOldStage(world, member),
        each('detach', renewed, () => bind(member, { verb: 'detach', machine: null, status: 'initial' })),
        each('provide', renewed, create),
        each('attach', renewed, attach),
        powerOnStage(placed),
        ...reflectStages(unit.tiers, placed, () => true),
        ...startStages(unit.tiers, placed),
        unblockStage(placed),
      ],
      back: [],
    },
  }
}

/** What is wrong with the machine, where a record that says "is working" alone would mislead. */
function machineFault(world: World, { unit, server }: Member): string {
  if (server.machine === undefined) return ''
  const seen = world.machines.get(unit.hypervisor)?.get(server.machine.id)
  if (seen === undefined) return ', its machine is gone'
  return seen.power === 'on' ? '' : `, its machine is ${seen.power}`
}

/** A machine that is gone for sure is not kept; of one that cannot be seen nobody knows, and it may hold the address. */
function keepOldStage(world: World, member: Member): Stage {
  const { unit, server } = member
  const { machine } = server
  const blind = world.blind.get(unit.hypervisor) ?? []
  const isSeen = machine !== undefined && world.machines.get(unit.hypervisor)?.has(machine.id) === true
  if (machine === undefined || (!isSeen && blind.length === 0)) return { name: 'keep old', lanes: [] }
  checkAdopted(world, [member])
  if (!isSeen) {
    throw new VmunitError(
      'ERR_UNAVAILABLE',
      `The machine of ${server.address} cannot be seen: ${blind.join(', ')} did not answer. It may hold the address, so no other one is made.`,
      { retryable: true, details: { server: server.slot, blind } },
    )
  }
  const reason = `replaced after a fault: ${server.status}`
  const kept = { machine: presentMachine(machine), verb: 'keep-old', reason }
  return { name: 'keep old', lanes: [quarantineLane(member, kept)] }
}
