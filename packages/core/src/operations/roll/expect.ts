import type { ManagementUnit } from '../../domain/management-unit.ts'
import type { Plain } from '../../domain/plain.ts'
import type { ExpectedFact, FactName } from '../../domain/plan.ts'
import type { TemplateVersion } from '../../domain/template.ts'
import type { World } from '../../ports/index.ts'
import type { Member } from './member.ts'

/** What a change that touches the machine of a server relies on. */
export function expectServer(world: World, { unit, server }: Member): readonly ExpectedFact[] {
  const machine = server.machine === undefined ? undefined : world.machines.get(unit.hypervisor)?.get(server.machine.id)
  const expect = expectationsOf(unit.name, server.slot)
  return [
    expect('attached', true),
    expect('address', server.address),
    expect('machine', server.machine?.id),
    expect('power', machine?.power),
    expect('status', server.status),
    expect('templateVersion', server.templateVersion),
    expect('definitionHash', server.definitionHash),
  ]
}

/** What a change relies on that only works inside the guest of a server: which one it is, and where. */
export function expectPlace({ unit, server }: Member): readonly ExpectedFact[] {
  const expect = expectationsOf(unit.name, server.slot)
  return [expect('attached', true), expect('address', server.address), expect('machine', server.machine?.id)]
}

/** That machines may still be made from a version when the change of a group begins. */
export function expectUsable(unit: ManagementUnit, group: string, { template, number }: TemplateVersion): ExpectedFact {
  return { unit: unit.name, server: group, fact: 'usableVersion', about: `${template}:${number}`, value: true }
}

function expectationsOf(unit: string, server: string): (fact: FactName, value: Plain) => ExpectedFact {
  return (fact, value) => ({ fact, server, unit, value: value ?? null })
}
