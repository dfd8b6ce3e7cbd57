import { unitsOf } from '../engine/claims.ts'
import { keys, runDocumentParser } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, Run } from '../ports/index.ts'
import { checkMayWork } from './rights.ts'
import { findUnit, getUnitToWorkOn, type UnitAccess } from './unit-access.ts'

/** Whether the principal may see every unit that a run is about. Of units that are gone, administrators see all runs, others their own. */
export async function isReadable(access: UnitAccess, run: Run, call: Call): Promise<boolean> {
  if (access.principal.role === 'administrator') return true
  const found = await Promise.all(unitsOf(run.plan).map((name) => findUnit(access, name, call)))
  return found.every((record) => record !== undefined) || (await isOwnOfGoneUnit(access, run, call))
}

/** Whether the principal started a run about units that are deleted since, by that run itself perhaps. */
async function isOwnOfGoneUnit({ store, principal }: UnitAccess, { id, plan }: Run, call: Call): Promise<boolean> {
  const [head, ...units] = await store.get([keys.run(id), ...unitsOf(plan).map(keys.unit)], call)
  if (head === undefined || units.length === 0 || units.some((unit) => unit !== undefined)) return false
  return runDocumentParser.parse(head.value).startedBy === principal.name
}

/** Refuses a run that the principal may not see with `ERR_NOT_FOUND`. */
export async function checkReadable(access: UnitAccess, run: Run, call: Call): Promise<void> {
  if (await isReadable(access, run, call)) return
  throw new VmunitError('ERR_NOT_FOUND', `There is no run ${run.id} that ${access.principal.name} may see.`, {
    details: { run: run.id },
  })
}

/** Refuses a run that the principal may not move: `ERR_NOT_FOUND`, `ERR_PERMISSION_DENIED`. */
export async function checkMayMove(access: UnitAccess, run: Run, call: Call): Promise<void> {
  await checkReadable(access, run, call)
  checkMayWork(access.principal, `move run ${run.id}`)
  if (access.principal.role === 'administrator' || (await isOwnOfGoneUnit(access, run, call))) return
  for (const unit of unitsOf(run.plan)) await getUnitToWorkOn(access, unit, call)
}

/** Who gets hold of runs. */
export interface RunHolder extends UnitAccess {
  /** Rejects when who came in has to come in again. */
  readonly enter: (call?: Call) => Promise<void>
}

/** A run as the principal gets it: whoever may only look, or has to come in again, can neither pause nor cancel it. */
export function runFor<Output>({ enter, ...access }: RunHolder, run: Run<Output>): Run<Output> {
  return {
    ...run,
    async pause(call = {}) {
      await enter(call)
      await checkMayMove(access, run, call)
      await run.pause(call)
    },
    async cancel(reason, call = {}) {
      await enter(call)
      await checkMayMove(access, run, call)
      await run.cancel(reason, call)
    },
  }
}
