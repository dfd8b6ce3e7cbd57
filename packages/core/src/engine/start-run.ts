import { randomUUID } from 'node:crypto'
import type { Plain } from '../domain/plain.ts'
import type { Plan } from '../domain/plan.ts'
import type { Principal } from '../domain/principal.ts'
import type { RunRecord } from '../domain/run-record.ts'
import { isVmunitError, VmunitError } from '../errors/index.ts'
import type { Call, DocumentUpdate, HypervisorDriver } from '../ports/index.ts'
import { takeClaims } from './claims.ts'
import { commitUpdates } from './commit-updates.ts'
import { configured } from './configured.ts'
import { keys, plain, type RunDocument, runDocumentParser } from './documents.ts'
import type { EngineOptions } from './engine-options.ts'
import { checkFacts } from './facts.ts'
import { findOperation } from './find-operation.ts'
import { assertJournalIsAhead } from './reconcile.ts'
import { registerRun } from './run-register.ts'

export interface StartRun {
  readonly plan: Plan
  readonly principal: Principal
  readonly approval: boolean
  /** Units that must still exist when the run is created. */
  readonly units?: readonly string[] | undefined
}

/**
 * Creates a run: its claims, its head and the first record of its journal, in one transaction. Moves nothing yet.
 *
 * @throws {@link VmunitError} `ERR_PLAN_STALE` naming the servers that moved; `ERR_CLAIMED` naming the run in the way;
 * `ERR_JOURNAL_BEHIND` naming what no record explains; `ERR_NOT_CONFIGURED` when this manager does not have the operation.
 */
export async function createRun(engine: EngineOptions, start: StartRun, call: Call = {}): Promise<string> {
  const { units = [], ...created } = start
  const { plan } = created
  const { store } = engine
  const hypervisors = new Map(Object.entries(engine.hypervisors))
  const hypervisor = (name: string): HypervisorDriver => configured(hypervisors, 'hypervisor', name)
  const expected = plan.phases.flatMap((phase) => phase.changes.flatMap((change) => change.expects))
  findOperation(engine, { plan })
  await assertJournalIsAhead(engine, plan, call)
  await checkFacts({ store, hypervisor }, expected, call)

  const createdAt = await store.now(call)
  const runId = newRunId(createdAt, plan.operation.name)
  const record: RunRecord = { type: 'run.created', data: created }
  const head: RunDocument = {
    operation: plan.operation.name,
    claims: plan.claims,
    state: 'running',
    createdAt,
    startedBy: created.principal.name,
  }
  try {
    const updates = [
      { key: keys.run(runId), update: () => plain(head) },
      ...units.map(keepUnit),
      ...takeClaims(runId, plan.claims),
    ]
    const commit = async (register: readonly DocumentUpdate[]): Promise<void> =>
      await commitUpdates(
        store,
        {
          updates: [...updates, ...register],
          // No address of the pool was reserved since that was looked at: reserving one writes the claims on addresses.
          check: async () => {
            await checkFacts(
              { store, hypervisor },
              expected.filter(({ fact }) => fact === 'holder'),
              call,
            )
          },
          append: [{ run: runId, seq: 1, type: record.type, data: record.data as unknown as Plain }],
        },
        call,
      )
    await registerRun(store, { runId, commit }, call)
  } catch (error) {
    throw isVmunitError(error, 'ERR_CLAIMED') ? await explainClaim(engine, error) : error
  }
  return runId
}

/** A unit may be deleted after it was looked at: then there is nothing to work on. */
function keepUnit(unit: string): DocumentUpdate {
  return {
    key: keys.unit(unit),
    update: (value) => {
      if (value !== undefined) return value
      throw new VmunitError('ERR_NOT_FOUND', `There is no unit ${unit} any more. Nothing was changed.`, {
        details: { unit },
      })
    },
  }
}

/** Sorts by the time of creation, and says what it is: `20261123T164012345-applyTemplate-1a2b3c4d`. */
function newRunId(time: number, operation: string): string {
  const stamp = new Date(time).toISOString().replaceAll(/[-:.Z]/g, '')
  return `${stamp}-${operation}-${randomUUID().slice(0, 8)}`
}

/** Says more about the run in the way: where it stands and what it waits for. */
async function explainClaim(engine: EngineOptions, error: VmunitError): Promise<VmunitError> {
  const runId = String(error.details['runId'])
  const [document] = await engine.store.get([keys.run(runId)])
  if (document === undefined) return error
  const { operation, state, waiting } = runDocumentParser.parse(document.value)
  const waitingFor = waiting?.for
  const standing = waitingFor === undefined ? state : `${state}, waits for ${waitingFor}`
  return new VmunitError(
    'ERR_CLAIMED',
    `Run ${runId} (${operation}, ${standing}) has a claim on what this plan needs. Wait for it, resume it, or cancel it.`,
    { details: { runId, operation, state, waitingFor }, cause: error },
  )
}
