import type { Plain } from '../../domain/plain.ts'
import type { Argv } from '../../domain/tier.ts'
import type { MachineRef } from '../roll/member.ts'
import { draft, outputOf, type StepDraft } from '../roll/stage.ts'
import { awaitAddress, awaitGuest, powerMachine, publishImage, runJob } from '../steps/index.ts'

/** A machine that becomes a version of a template. */
export interface WorkMachine {
  readonly template: string
  readonly hypervisor: string
  readonly version: number
  readonly machine: MachineRef
  readonly commands: readonly Argv[]
  /** Limit of each command. */
  readonly timeoutMs: number
  readonly note: string
  /** The version that it descends from. */
  readonly parent?: number | undefined
  /** What becomes of the parent. */
  readonly previous: 'keep' | 'deprecate'
}

const START_TIMEOUT_MS = 900_000

/** What identifies a work machine; it belongs to no unit. */
export function workSlot({ template, hypervisor, version }: Pick<WorkMachine, 'template' | 'hypervisor' | 'version'>): {
  readonly hypervisor: string
  readonly unit: string
  readonly slot: string
} {
  return { hypervisor, unit: '', slot: `template/${template}/${version}` }
}

/** The step that publishes. */
export function publishId(template: string): string {
  return `${template}/publish`
}

/** Switches a work machine on, runs the commands in it one after another, shuts it down and publishes it. */
export function workLane(work: WorkMachine): readonly StepDraft[] {
  const { template, hypervisor, version, machine, commands, timeoutMs, note, parent, previous } = work
  const slot = workSlot(work)
  const addressId = `${template}/address`
  const guest: Plain = { hypervisor, machine: machine.id, address: outputOf(addressId, 'address') }
  const step = (id: string, kind: StepDraft['kind'], input: Plain): StepDraft => draft(kind, { id, input })
  return [
    step(`${template}/power-on`, powerMachine, { ...slot, machine: machine.machine, to: 'on' }),
    step(addressId, awaitAddress, { hypervisor, machine: machine.id, timeoutMs: START_TIMEOUT_MS }),
    step(`${template}/answer`, awaitGuest, { ...(guest as object), timeoutMs: START_TIMEOUT_MS }),
    ...commands.map((argv, index) =>
      step(`${template}/command-${index + 1}`, runJob, { guest, argv, timeoutMs, environment: {} }),
    ),
    step(`${template}/shut-down`, powerMachine, { ...slot, machine: machine.machine, to: 'shutdown' }),
    step(publishId(template), publishImage, {
      ...slot,
      machine: machine.machine,
      template,
      version,
      parent,
      note,
      previous,
    }),
  ]
}
