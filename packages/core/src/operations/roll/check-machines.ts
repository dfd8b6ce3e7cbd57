import { VmunitError } from '../../errors/index.ts'
import type { World } from '../../ports/index.ts'
import { checkHolder } from './check-holder.ts'
import type { Member } from './member.ts'

/** Refuses to replace machines that are not ours. */
export function checkAdopted(world: World, replaced: readonly Member[]): void {
  checkHolder(world, replaced)
  const foreign = replaced.filter(({ server }) => server.machine?.operationId === undefined)
  if (foreign.length === 0) return
  const names = foreign.map(({ server }) => server.address).join(', ')
  throw new VmunitError(
    'ERR_NOT_ADOPTED',
    `The machines of ${names} bear no marker of this manager and are not replaced. Attach their groups with adopt: true.`,
    { details: { servers: foreign.map(({ server }) => server.slot) } },
  )
}

/** A machine that is not listed is gone only when every part of the hypervisor answered. */
export function checkPresent(world: World, replaced: readonly Member[]): void {
  const lost = replaced.filter(
    ({ unit, server }) => world.machines.get(unit.hypervisor)?.has(server.machine?.id ?? '') !== true,
  )
  const [first] = lost
  if (first === undefined) return
  const names = lost.map(({ server }) => server.address).join(', ')
  const blind = world.blind.get(first.unit.hypervisor) ?? []
  const details = { servers: lost.map(({ server }) => server.slot), blind }
  if (blind.length > 0) {
    throw new VmunitError(
      'ERR_UNAVAILABLE',
      `The machines of ${names} cannot be seen: ${blind.join(', ')} did not answer.`,
      {
        retryable: true,
        details,
      },
    )
  }
  throw new VmunitError(
    'ERR_NOT_FOUND',
    `The machines of ${names} are gone. Detach their groups, or recover them first.`,
    {
      details,
    },
  )
}
