import type { Plain } from '../../domain/plain.ts'
import type { ExpectedFact, FactName } from '../../domain/plan.ts'
import type { World } from '../../ports/index.ts'
import type { Member } from './member.ts'

/** What a change that touches the machine of a server relies on. */
export function expectServer(world: World, { unit, server }: Member): readonly ExpectedFact[] {
  const machine = server.machine === undefined ? undefined : world.machines.get(unit.hypervisor)?.get(server.machine.id)
  const facts: Readonly<Partial<Record<FactName, Plain>>> = {
    attached: true,
    address: server.address,
    machine: server.machine?.id,
    power: machine?.power,
    status: server.status,
    templateVersion: server.templateVersion,
    definitionHash: server.definitionHash,
  }
  return (Object.entries(facts) as readonly [FactName, Plain][]).map(([fact, value]) => ({
    fact,
    server: server.slot,
    unit: unit.name,
    value: value ?? null,
  }))
}
