import type { Parser } from '../../domain/plain.ts'
import type { HypervisorDriver, Machine, OwnedMachine, StepContext, StepKind } from '../../ports/index.ts'
import { findMachine } from './find-machine.ts'
import { nothing } from './schemas.ts'
import type { ServerKey } from './server-documents.ts'

export interface MachineStepInput extends ServerKey {
  readonly hypervisor: string
  readonly machine: { readonly id: string; readonly operationId: string }
}

type Nothing = Record<string, never>

/** What tells one step on a machine of ours from another. */
export interface MachineStep<Input extends MachineStepInput> {
  readonly name: string
  readonly input: Parser<Input>
  /** Whether a machine that exists is as the step wants it. */
  readonly isReached: (step: Input, machine: Machine) => boolean
  /** A machine that is gone is as the step wants it, unless this throws. */
  readonly whenGone?: (step: Input) => void
  readonly change: (step: Input, owned: OwnedMachine, ports: MachineStepPorts) => Promise<void>
  readonly records?: StepKind<Input, Nothing>['records']
  readonly livesInRecords?: StepKind['livesInRecords']
}

export interface MachineStepPorts {
  readonly hypervisor: HypervisorDriver
  readonly context: StepContext
}

/** A step kind about one machine of ours that has no output: its effect is the state of the machine. */
export function machineStep<Input extends MachineStepInput>(kind: MachineStep<Input>): StepKind<Input, Nothing> {
  const { name, input, isReached, whenGone, change, records, livesInRecords } = kind
  return {
    name,
    version: 1,
    input,
    output: nothing,
    async observe(step, context) {
      const found = await findMachine(context.hypervisor(step.hypervisor), step.machine.id, context)
      if (found.state === 'absent') {
        whenGone?.(step)
        return { state: 'done', value: {} }
      }
      if (found.state !== 'done') return found
      return isReached(step, found.value) ? { state: 'done', value: {} } : { state: 'absent' }
    },
    async act(step, context) {
      const hypervisor = context.hypervisor(step.hypervisor)
      await change(step, ownedMachine(step, context.manager), { hypervisor, context })
      return {}
    },
    ...(records !== undefined && { records }),
    ...(livesInRecords !== undefined && { livesInRecords }),
  }
}

/** What identifies the machine of a step to a driver. */
export function ownedMachine({ unit, slot, machine }: MachineStepInput, manager: string): OwnedMachine {
  return { id: machine.id, marker: { manager, unit, slot, operationId: machine.operationId } }
}
