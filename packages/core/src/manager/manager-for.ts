import type { ManagementUnit } from '../domain/management-unit.ts'
import type { Principal } from '../domain/principal.ts'
import { acceptTraces } from '../engine/accepted-traces.ts'
import { keys, type RequestDocument, requestParser } from '../engine/documents.ts'
import type { Engine } from '../engine/engine.ts'
import type { EngineOptions } from '../engine/engine-options.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call } from '../ports/index.ts'
import type { AccessOptions } from './access-options.ts'
import { createAccounts } from './accounts.ts'
import { answerRequest } from './answer-request.ts'
import { createArchives } from './archives.ts'
import { readAudit } from './audit/audit-records.ts'
import { type AuditOptions, audited } from './audit/audited.ts'
import { type Admission, authenticate, checkAdmission } from './authenticate.ts'
import { compactRuns } from './compact-runs.ts'
import { createDefinitions } from './definitions.ts'
import { diagnose } from './diagnose/diagnose.ts'
import { guarded } from './guarded.ts'
import { watchLoad } from './load/watch-load.ts'
import type { Manager } from './manager.ts'
import type { ManagerContext } from './manager-context.ts'
import { claimStore, type ManagerIdentity } from './manager-identity.ts'
import { createNotices } from './notices/notices.ts'
import { parseInput } from './parse-input.ts'
import { createPlanning } from './planning.ts'
import { principalParser } from './principal-parser.ts'
import { removeManager } from './remove-manager.ts'
import { createRequests } from './requests.ts'
import { checkAdministrator, principalUnder } from './rights.ts'
import { checkMayMove, isReadable } from './run-rights.ts'
import { createRuns } from './runs.ts'
import { createTemplates } from './templates.ts'
import { getUnitToWorkOn, readUnit } from './unit-access.ts'
import { createUnits } from './units.ts'

/** Lets a principal in that the embedding program vouches for. */
export function admit(access: AccessOptions, principal: Principal): Admission {
  return { principal: principalUnder(access, parseInput(principalParser, principal, 'a manager (principal)')) }
}

/** What all have in common who were let in. */
export interface Shared {
  readonly options: EngineOptions
  readonly access: AccessOptions
  readonly audit: Pick<AuditOptions, 'scope' | 'count'> | undefined
  readonly engine: Engine
  readonly isClosed: { value: boolean }
  readonly claimed: { value: Promise<ManagerIdentity> | undefined }
}

/** The manager as one works with it who was let in. */
export function managerFor(admission: Admission, shared: Shared): Manager {
  const { options, access, audit, engine, isClosed, claimed } = shared
  const { store, hypervisors, unitBalancers, manager } = options
  const { principal } = admission
  const context: ManagerContext = { principal, ports: options, access }
  const asked = { store, principal }
  // Whoever came in by a secret goes out alone: the manager stays open for the others.
  const isOver = admission.isOver ?? isClosed

  async function identity(): Promise<ManagerIdentity> {
    claimed.value ??= claimStore(store, manager).catch((error: unknown) => {
      claimed.value = undefined
      throw error
    })
    return await claimed.value
  }

  /** Every way in passes here: the manager is open, the store is its own, and who came in may still be here. */
  async function enter(call: Call = {}): Promise<void> {
    if (isClosed.value || isOver.value) throw new VmunitError('ERR_CLOSED', 'The manager is closed. Create a new one.')
    call.signal?.throwIfAborted()
    await identity()
    await checkAdmission(store, admission, call)
  }

  /**
   * A second person need not own the unit; where a directory says who may work on it, that counts. The resource manager
   * works on no unit: which requests that is for, the answer itself checks.
   */
  async function checkMayAnswer(request: string, call: Call): Promise<void> {
    if (principal.grants === undefined || principal.role === 'resourceManager') return
    const [document] = await store.get([keys.request(request)], call)
    if (document === undefined) return
    const { run } = requestParser.parse(document.value)
    await checkMayMove(asked, await engine.run(run, principal, call), call)
  }

  /** A request is about what its run is about; a resource manager sees no runs, only what is asked of that role. */
  async function maySeeRequest({ kind, run }: RequestDocument, call: Call): Promise<boolean> {
    if (principal.role === 'resourceManager') return kind === 'resources'
    if (principal.role === 'administrator') return true
    return await isReadable(asked, await engine.run(run, principal, call), call)
  }

  const asking = { principal, options, engine, enter, identity }
  const open: Manager = {
    accounts: guarded(createAccounts(context), enter),
    units: guarded(createUnits(context), enter),
    templates: guarded(createTemplates({ store, principal, hypervisors }), enter),
    definitions: guarded(createDefinitions({ store, principal }), enter),
    requests: guarded(createRequests({ store, maySee: maySeeRequest }), enter),
    notices: guarded(
      createNotices({ store, clock: options.clock, timing: options.timing, owner: options.owner, principal }),
      enter,
    ),
    archives: createArchives({ store, enter }),
    as(other) {
      // Who came in by a password has the rights that it proves, and no way to more of them.
      if (admission.isOver !== undefined) checkAdministrator(principal, 'act for others')
      return managerFor({ ...admit(access, other), by: admission, isOver: admission.isOver }, shared)
    },
    async authenticate(name, secret, call = {}) {
      await enter(call)
      const proved = await authenticate({ store, access }, { name, secret }, call)
      const isOver = { value: false }
      return managerFor({ ...proved, principal: principalUnder(access, proved.principal), isOver }, shared)
    },
    ...createPlanning(asking),
    ...createRuns(asking),
    async acceptTraces(operationIds, call = {}) {
      await enter(call)
      checkAdministrator(principal, 'accept traces')
      await acceptTraces(store, { operationIds, by: principal.name }, call)
    },
    async compact(policy, call = {}) {
      await enter(call)
      checkAdministrator(principal, 'compact runs')
      return await compactRuns(options, policy, call)
    },
    async answer(request, answer, call = {}) {
      await enter(call)
      await checkMayAnswer(request, call)
      await answerRequest(store, { ...answer, request, principal }, call)
    },
    async diagnose(input, call = {}) {
      await enter(call)
      return await diagnose({ engine: options, access: asked }, input, call)
    },
    async *watchLoad(watch) {
      // Before every measurement: it runs a command in the guests, and may go on for months.
      const readOwn = async (name: string, call: Call): Promise<ManagementUnit> => {
        await enter(call)
        await getUnitToWorkOn(asked, name, call)
        return await readUnit(asked, name, call)
      }
      yield* watchLoad({ engine: options, readUnit: readOwn }, watch)
    },
    async *audit(filter = {}, call = {}) {
      await enter(call)
      checkAdministrator(principal, 'read the audit, which tells of everybody')
      yield* readAudit(store, filter, call)
    },
    async remove(call = {}) {
      await enter(call)
      await removeManager(store, principal, call)
      isOver.value = true
      await closeAll()
    },
    async close() {
      isOver.value = true
      if (isOver === isClosed) await closeAll()
    },
    async [Symbol.asyncDispose]() {
      await this.close()
    },
  }
  return audit === undefined ? open : audited(open, { ...audit, store, principal, logger: options.logger, enter })

  async function closeAll(): Promise<void> {
    isClosed.value = true
    await engine.close()
    await unitBalancers?.close()
  }
}
