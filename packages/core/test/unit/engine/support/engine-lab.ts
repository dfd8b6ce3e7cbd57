import { createEngine, type Engine } from '../../../../src/engine/engine.ts'
import { DEFAULT_TIMING, type Timing } from '../../../../src/engine/timing.ts'
import { systemClock } from '../../../../src/internal/system-clock.ts'
import type { GuestAccess, Operation, StateStore, StepKind } from '../../../../src/ports/index.ts'
import { openSqliteStore } from '../../../../src/sqlite-store/index.ts'

export const principal = { name: 'user_a', role: 'builder' } as const

/** A step kind that does this, and of which every look says that nothing happened yet. */
export function kindOf(act: StepKind['act']): StepKind {
  return {
    name: 'synthetic',
    version: 1,
    input: { parse: (value) => value },
    output: { parse: (value) => value },
    observe: async () => await Promise.resolve({ state: 'absent' }),
    act,
  }
}

export interface EngineLab extends AsyncDisposable {
  readonly store: StateStore
  readonly engine: Engine
  /** Another engine over the same store, as another process has one. */
  another(options?: EngineLabOptions): Engine
}

export interface EngineLabOptions {
  /** What the engine sees of the store. */
  readonly seen?: ((store: StateStore) => StateStore) | undefined
  readonly timing?: Partial<Timing> | undefined
  /** The versions of the synthetic operation that it knows. Default 1. */
  readonly versions?: readonly number[] | undefined
}

/** An engine over a store in memory, for plans whose steps are all of one kind. */
export function engineWith(kind: StepKind, options: EngineLabOptions = {}): EngineLab {
  const store = openSqliteStore(':memory:')
  const engines: Engine[] = []
  function another({ seen = (same) => same, timing, versions = [1] }: EngineLabOptions = {}): Engine {
    const operations = versions.map((version) => [`synthetic@${version}`, operationOf(kind, version)] as const)
    const engine = createEngine({
      manager: 'vmunit',
      owner: `test ${engines.length}`,
      store: seen(store),
      hypervisors: {},
      balancers: {},
      guests: {} as GuestAccess,
      clock: systemClock,
      timing: { ...DEFAULT_TIMING, pollMs: 20, ...timing },
      operations: new Map(operations),
      limiters: new Map(),
      maxStepsInFlight: 64,
    })
    engines.push(engine)
    return engine
  }
  return {
    store,
    engine: another(options),
    another,
    async [Symbol.asyncDispose]() {
      await Promise.all(engines.map((engine) => engine.close()))
      await store.close()
    },
  }
}

function operationOf(kind: StepKind, version: number): Operation {
  return {
    name: 'synthetic',
    version,
    input: { parse: (value) => value },
    kinds: [kind],
    plan: () => ({ claims: [], servers: [], phases: [] }),
    result: (_plan, finished) => finished.outcomes,
  }
}
