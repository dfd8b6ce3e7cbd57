import { Readable } from 'node:stream'
import type { PlannedStep } from '../domain/plan.ts'
import { UNIT_BALANCER } from '../domain/tier.ts'
import type { HypervisorDriver, Lease, LoadBalancer, StepContext, StepKind } from '../ports/index.ts'
import type { ChangeEnvironment } from './change-runner.ts'
import { configured } from './configured.ts'
import { definitionTree } from './definition-tree.ts'
import type { EngineOptions } from './engine-options.ts'
import { answerOf } from './gates.ts'
import { createGuard } from './guard/guard.ts'
import { guardAddressPool } from './guard/guard-address-pool.ts'
import { guardBalancer } from './guard/guard-balancer.ts'
import { guardHypervisor } from './guard/guard-hypervisor.ts'
import { guardTree } from './guard/guard-tree.ts'
import { createGuestConnections } from './guest-connections.ts'
import { createJournalWriter } from './journal-writer.ts'
import { keptMachines } from './kept-machines.ts'
import { createLimiter } from './limiter.ts'
import { noAddressPool } from './no-address-pool.ts'
import { outUnrecorded } from './out-unrecorded.ts'
import { createOutages } from './outages.ts'
import type { Progress } from './progress.ts'
import { serverHistory } from './server-history.ts'
import { StepParked } from './step-parked.ts'
import { NOTICE_MS } from './timing.ts'
import { createWaits } from './waits.ts'

export interface RunEnvironmentOptions {
  readonly engine: EngineOptions
  /** The kinds of the steps that it may come to. */
  readonly kinds: readonly StepKind[]
  readonly lease: Lease
  readonly progress: Progress
  /** Aborts at pause, cancel and loss of the lease. */
  readonly stop: AbortSignal
  readonly onDurable: () => void
}

export interface RunEnvironment extends ChangeEnvironment {
  /** Closes the connections to guests. */
  close(): Promise<void>
}

/** Puts together what one run lends to its steps: guarded ports, the journal, time. */
export function createRunEnvironment(options: RunEnvironmentOptions): RunEnvironment {
  const { engine, lease, progress, stop, onDurable } = options
  const { store, clock, timing, manager } = engine
  const guard = createGuard({ runId: progress.runId, manager, lease })
  const kinds = new Map(options.kinds.map((kind) => [`${kind.name}@${kind.version}`, kind]))
  const hypervisors = new Map<string, HypervisorDriver>()
  const balancers = new Map<string, LoadBalancer>()
  for (const [name, driver] of Object.entries(engine.hypervisors)) {
    hypervisors.set(name, guardHypervisor(driver, guard, engine.limiters.get(name) ?? createLimiter()))
  }
  for (const [name, balancer] of Object.entries(engine.balancers)) balancers.set(name, guardBalancer(balancer, guard))

  const hypervisor = (name: string): HypervisorDriver => configured(hypervisors, 'hypervisor', name)
  const balancer = (name: string): LoadBalancer =>
    name.startsWith(UNIT_BALANCER) && engine.unitBalancers !== undefined
      ? guardBalancer(engine.unitBalancers.of(name), guard)
      : configured(balancers, 'balancer', name)
  const guests = createGuestConnections({ access: engine.guests, guard, hypervisor, signal: lease.lost })
  const steps = createLimiter()
  const turns = createLimiter()

  const kindOf = (step: PlannedStep): StepKind =>
    configured(kinds, 'step kind', `${step.kind.name}@${step.kind.version}`)
  const contextOf: ChangeEnvironment['contextOf'] = (operationId, { group, waitingFor }): StepContext => ({
    operationId,
    waitingFor,
    runId: progress.runId,
    manager,
    // A call in flight ends by itself or with the lease; only waits end when the run is to stop.
    signal: lease.lost,
    hypervisor,
    balancer,
    addresses() {
      if (engine.addresses === undefined) throw noAddressPool()
      return guardAddressPool(engine.addresses, guard)
    },
    guest: (address) => guests.open(address, group),
    tree: async (hash, tierId) =>
      guardTree(await definitionTree(store, { hash, tierId }, { signal: lease.lost }), guard),
    keep: (content) => store.putBlob(Readable.from(content), { signal: lease.lost }),
    history: (of) => serverHistory(store, of, { signal: lease.lost }),
    kept: (unit) => keptMachines(store, { unit, claims: progress.plan.claims }, { signal: lease.lost }),
    alone: (name, work) => turns.run([{ resource: name, units: 1, capacity: 1 }], work, { signal: stop }),
    answer: async () => ({ given: await answerOf(store, operationId), time: await store.now() }),
    park: (wait) => Promise.reject(new StepParked(wait)),
    now: () => clock.now(),
    sleep: (ms, { signal } = {}) =>
      clock.sleep(ms, { signal: signal === undefined ? stop : AbortSignal.any([stop, signal]) }),
  })

  const writer = createJournalWriter({ store, lease, progress, now: () => clock.now(), onDurable })
  const waits = createWaits({ progress, writer, clock, noticeMs: timing.noticeMs ?? NOTICE_MS })

  return {
    progress,
    timing,
    stop,
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, { signal }),
    kindOf,
    contextOf,
    writer,
    waits,
    facts: { store, hypervisor },
    outages: createOutages(store, progress.runId),
    outUnrecorded: (group, call) => outUnrecorded(engine, progress, { ...call, group }),
    concurrency: {
      width: engine.maxStepsInFlight,
      run: (work) =>
        steps.run([{ resource: 'steps', units: 1, capacity: engine.maxStepsInFlight }], work, { signal: stop }),
    },
    atRest: guests.rest,
    async close() {
      await waits.close()
      await guests.close()
    },
  }
}
