import type { Wave } from '../../domain/plan.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { type PlanMembers, planAlike } from '../roll/alike.ts'
import { groupsOf, membersOf, unitOf } from '../roll/members-of.ts'
import { planRoll } from '../roll/plan-roll.ts'
import { EVERYTHING, wayBack } from '../roll/stage.ts'
import * as steps from '../steps/index.ts'
import { patchGroup, patchMembers } from './patch-group.ts'
import { type ApplyPatchInput, applyPatchInput } from './patch-input.ts'
import { patchPhases } from './patch-phases.ts'

const ONE_BY_ONE: readonly Wave[] = [{ groups: 1 }]

/**
 * Patches servers in place (manual 6.2.3 (2)(a)): group by group while the others serve, or the whole unit at once.
 *
 * Each group gets no more traffic, is stopped, patched, rebooted if that is asked for, started, and gets its traffic
 * again. Servers that are stopped are patched and stay so. A group that fails stays out of service as it is, to be
 * inspected, and nothing new begins; with `whole` the other groups go on. With `by: 'person'` a group that is stopped
 * waits, as long as it takes and without a process, for `manager.answer`: approved means patched, declined that the
 * group has failed. With `whole` one answer is for all groups.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_WOULD_INTERRUPT`; `ERR_WRONG_STATE` for machines that are off;
 * `ERR_NOT_ADOPTED` or `ERR_NOT_OWNED` for machines that are to be rebooted and are not ours.
 * @example
 * ```ts
 * await manager.execute(applyPatch, {
 *   unit: 'gyoumu_a',
 *   commands: [['dnf', '-y', 'upgrade', '--security']],
 *   reboot: true,
 * })
 * ```
 */
export const applyPatch: Operation<ApplyPatchInput, FleetResult> = defineOperation({
  name: 'applyPatch',
  version: 1,
  input: applyPatchInput,
  scope: ({ unit, files }) => ({ unit, definition: files }),
  kinds: [
    steps.awaitAnswer,
    steps.awaitGuest,
    steps.awaitHealth,
    steps.blockServer,
    steps.powerMachine,
    steps.pushFiles,
    steps.readBootId,
    steps.runJob,
    steps.unblockServer,
  ],
  plan(request, world) {
    const { whole = false, allowOutage = false } = request
    const unit = unitOf(world, request.unit)
    checkFiles(world, request.files)
    const groups = groupsOf(unit, request.groups)
    const byJob = planAlike((members) => patchMembers(unit, members, { request, asked: [] }))
    const planned = groups.map((group, index) => {
      const asked = (whole ? (index === 0 ? groups : []) : [group]).map(({ name }) => name)
      // Each group is asked about by its name.
      const byPerson: PlanMembers = (members) => patchMembers(unit, members, { request, asked })
      const plan = request.by === 'person' ? byPerson : byJob
      return { group, ...patchGroup(world, { group, members: membersOf(world, unit, group) }, { request, plan }) }
    })
    const waves = whole ? EVERYTHING : (request.waves ?? ONE_BY_ONE)
    const { procedures, draft } = planRoll({ world, unit, planned, waves, allowOutage })
    return {
      ...draft,
      phases: patchPhases(procedures, { request, waves }),
      back: wayBack(procedures, 'rolling'),
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})

function checkFiles(world: World, hash: string | undefined): void {
  if (hash === undefined || world.definitions.has(hash)) return
  throw new VmunitError(
    'ERR_NOT_FOUND',
    'The directory with the files of the patch is not in the store. Add it with manager.definitions.add().',
    { details: { files: hash } },
  )
}
