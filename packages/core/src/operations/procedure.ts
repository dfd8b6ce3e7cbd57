export { groupClaim } from '../engine/claims.ts'
export { type FleetOperation, planFleet, type Verdict } from './roll/fleet-operation.ts'
export { isRunning, type MachineRef, type Member } from './roll/member.ts'
export { groupsOf, membersOf, unitOf } from './roll/members-of.ts'
export {
  draft,
  type GroupProcedure,
  type Lane,
  outputOf,
  rolling,
  type Stage,
  type StepDraft,
  wayBack,
  wholeUnit,
} from './roll/stage.ts'
export type { Placed } from './roll/stages.ts'
