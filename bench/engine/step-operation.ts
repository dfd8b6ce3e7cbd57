import { defineOperation, type Named, type Operation, type Plain, procedure, type StepKind } from '@vmunit/core'

/** How many groups there are, and how many steps each takes, one after another. */
export interface StepsInput {
  readonly groups: number
  readonly steps: number
}

export interface StepOperation {
  readonly operation: Operation<StepsInput, number>
  /** Called when a step acts, with the number of steps that have acted so far. */
  onAct: (count: number) => Promise<void>
}

/** Work that takes no time, so that what is measured is the engine. Every second step writes the record of its group. */
export function createStepOperation(waves: { readonly groups: number }): StepOperation {
  let acted = 0
  const step: StepKind<{ readonly group: string; readonly records: boolean }, Record<string, never>> = {
    name: 'bench.step',
    version: 1,
    input: { parse: (value) => value as { readonly group: string; readonly records: boolean } },
    output: { parse: (value) => value as Record<string, never> },
    observe: async () => await Promise.resolve({ state: 'absent' }),
    async act() {
      acted += 1
      await made.onAct(acted)
      return {}
    },
    records: ({ group, records }, moment, { operationId }) =>
      moment.type === 'done' && records
        ? [
            {
              key: `bench/${group}`,
              update: (value) => ({ ...(value as object | undefined), operationId, text: TEXT }),
            },
          ]
        : [],
  }
  const operation = defineOperation<StepsInput, number>({
    name: 'bench.steps',
    version: 1,
    input: { parse: (value) => value as StepsInput },
    scope: () => ({}),
    kinds: [step as StepKind],
    plan: ({ groups, steps }) => ({
      claims: ['template/bench'],
      servers: [],
      phases: procedure.rolling(
        'work',
        Array.from({ length: groups }, (_, index) => procedureOf(step, `g${index}`, steps)),
        [waves],
      ),
    }),
    result: (plan) => plan.estimate.steps,
  })
  const made: StepOperation = { operation, onAct: async () => await Promise.resolve() }
  return made
}

/** About as long as the record of a group with one server. */
const TEXT: Plain = 'x'.repeat(400)

function procedureOf(step: Named, group: string, steps: number): procedure.GroupProcedure {
  const lane = Array.from({ length: steps }, (_, index) =>
    procedure.draft(step, { id: `${group}/${index}`, input: { group, records: index % 2 === 1 } }),
  )
  return {
    change: { group, action: 'patch', reason: 'a measurement', disturbs: false, expects: [] },
    stages: [{ name: 'work', lanes: [lane] }],
    back: [],
  }
}
