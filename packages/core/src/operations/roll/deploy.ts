import { inStartOrder, type Tier } from '../../domain/tier.ts'
import { awaitHealth } from '../steps/index.ts'
import { guestOf, isBuilt } from './member.ts'
import { draft, type Lane, type Stage } from './stage.ts'
import {
  byTier,
  definitionOf,
  idOf,
  jobStep,
  type Placed,
  pushStep,
  reflectLane,
  stage,
  type UpdateCommand,
  updateLane,
} from './stages.ts'

/**
 * Brings changed applications to servers, tier by tier in start order, without stopping those that work. A server that
 * an update left half done is built anew, which brings the applications too.
 */
export function deployStages(tiers: readonly Tier[], placed: readonly Placed[]): readonly Stage[] {
  return byTier(inStartOrder(tiers), placed).map(({ name, members }) =>
    stage(`deploy ${name}`, members, (place) => {
      const { status } = place.member.server
      if (status === 'working' || status === 'fault(starting)') return deployRunning(place)
      return status === 'stopped' ? updateLane(place, commandsOf(place)) : reflectLane(place, !isBuilt(place.member))
    }),
  )
}

function commandsOf({ member: { tier } }: Placed): readonly UpdateCommand[] {
  const argv = tier.application.deploy ?? tier.application.build
  return argv === undefined ? [] : [{ verb: 'deploy', argv }]
}

/** The server works on; when its application does not serve afterwards, it is to be repaired or started again. */
function deployRunning(place: Placed): Lane {
  const { unit, tier, server } = place.member
  const { hash } = definitionOf(place)
  const version = hash.slice(0, 12)
  const marks = { unit: unit.name, slot: server.slot, failed: 'fault(starting)' }
  const jobs = commandsOf(place).map(({ verb, argv }) => jobStep(place, `${verb}@${version}`, { argv, marks }))
  const health = draft(awaitHealth, {
    id: idOf(place, `health@${version}`),
    server: server.slot,
    input: {
      guest: guestOf(place.member, place.machine),
      argv: tier.application.health,
      timeoutMs: tier.application.startTimeoutMs,
      marks: { ...marks, done: 'working', definitionHash: hash },
    },
  })
  return [pushStep(place), ...jobs, health]
}
