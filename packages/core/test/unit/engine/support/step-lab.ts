import type { Observed } from '../../../../src/domain/observed.ts'
import type { PlannedStep } from '../../../../src/domain/plan.ts'
import type { RunRecord } from '../../../../src/domain/run-record.ts'
import type { ChangeEnvironment } from '../../../../src/engine/change-runner.ts'
import { applyRecord, type Progress } from '../../../../src/engine/progress.ts'
import { StepParked } from '../../../../src/engine/step-parked.ts'
import type { DocumentUpdate, HypervisorDriver, StepContext, StepKind } from '../../../../src/ports/index.ts'
import { progressOf, syntheticPlan } from './synthetic-plan.ts'

/** What a step does, in words: what it was asked, in order. */
export interface Scripted {
  readonly act?: ((context: StepContext) => Promise<unknown>) | undefined
  readonly observe?: ((context: StepContext) => Promise<Observed<unknown>>) | undefined
  readonly records?: StepKind['records']
}

export interface StepLab {
  readonly environment: ChangeEnvironment
  readonly progress: Progress
  /** `act a`, `look a`, `durable`, in the order in which it happened. */
  readonly told: string[]
  /** `step.began`, in the order in which they were written. */
  readonly types: () => readonly string[]
  readonly written: { readonly record: RunRecord; readonly updates: readonly DocumentUpdate[] }[]
  /** Virtual milliseconds; sleeping moves it. */
  readonly time: { now: number }
  stop(reason: Error): void
}

/** Everything around a step, in memory and in virtual time. Steps are scripted by id; one without a script succeeds. */
export function stepLab(scripts: Readonly<Record<string, Scripted>> = {}): StepLab {
  const progress = progressOf(syntheticPlan({ phases: [] }))
  const told: string[] = []
  const written: StepLab['written'] = []
  const time = { now: 0 }
  const stop = new AbortController()
  const nobody = (name: string): never => {
    throw new Error(`nothing to reach: ${name}`)
  }
  const contextOf: ChangeEnvironment['contextOf'] = (operationId, { waitingFor }): StepContext => ({
    operationId,
    waitingFor,
    runId: 'run',
    manager: 'vmunit',
    signal: new AbortController().signal,
    hypervisor: nobody,
    balancer: nobody,
    addresses: () => nobody('addresses'),
    guest: ({ address }) => nobody(address),
    tree: nobody,
    keep: nobody as never,
    history: nobody as never,
    kept: nobody as never,
    alone: (_name, work) => work(),
    answer: async () => ({ time: time.now }),
    park: (wait) => Promise.reject(new StepParked(wait)),
    now: () => time.now,
    async sleep(ms) {
      stop.signal.throwIfAborted()
      time.now += ms
      await Promise.resolve()
    },
  })
  const kindOf = ({ id, kind }: PlannedStep): StepKind => ({
    ...kind,
    input: { parse: (value) => value },
    output: { parse: (value) => value },
    async act(input, context) {
      told.push(`act ${id}${JSON.stringify(input) === '{}' ? '' : ` ${JSON.stringify(input)}`}`)
      return (await scripts[id]?.act?.(context)) ?? {}
    },
    async observe(_input, context) {
      told.push(`look ${id}`)
      return (await scripts[id]?.observe?.(context)) ?? { state: 'absent' }
    },
    records: scripts[id]?.records ?? (() => []),
  })
  return {
    progress,
    told,
    written,
    time,
    types: () => written.map(({ record }) => record.type),
    stop: (reason) => stop.abort(reason),
    environment: {
      progress,
      timing: { leaseMs: 15_000, retryForMs: 300_000, lookForMs: 1_800_000, pollMs: 1_000 },
      stop: stop.signal,
      now: () => time.now,
      kindOf,
      contextOf,
      waits: { during: (_about, work) => work(() => {}), ended: () => [] },
      writer: {
        write(record, updates = []) {
          applyRecord(progress, { ...record, time: time.now })
          written.push({ record, updates })
        },
        async durable() {
          told.push('durable')
          await Promise.resolve()
        },
      },
      facts: { store: undefined as never, hypervisor: nobody as (name: string) => HypervisorDriver },
      async sleep(ms, signal) {
        signal.throwIfAborted()
        time.now += ms
        await Promise.resolve()
      },
      atRest: () => {},
      outUnrecorded: async () => [],
      outages: { takeOut: async () => await Promise.resolve() },
      concurrency: { width: 64, run: (work) => work() },
    },
  }
}

export function stepOf(id: string, needs: readonly string[] = [], input: PlannedStep['input'] = {}): PlannedStep {
  return { id, kind: { name: 'scripted', version: 1 }, server: 'g1/web/0', input, needs }
}
