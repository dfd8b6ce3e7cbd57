import * as z from 'zod'
import type { ManagementUnit } from '../../domain/management-unit.ts'
import type { Plain } from '../../domain/plain.ts'
import { collectDiagnostics, quarantineMachine, trimQuarantine } from '../steps/index.ts'
import { guestOf, type MachineRef, type Member, machineOf } from './member.ts'
import type { QuarantineOptions } from './quarantine-options.ts'
import { draft, type Lane, outputOf, type Stage } from './stage.ts'

/** {@link QuarantineOptions} as operations take them. */
export const quarantineInput = z.strictObject({
  servers: z.int().min(0).optional(),
  forMs: z.int().min(0).optional(),
  paths: z.array(z.string().startsWith('/')).max(100).optional(),
  maxBytes: z.int().min(1).max(1_073_741_824).optional(),
  limitMs: z.int().min(1).max(3_600_000).optional(),
})

/** The step kinds that {@link quarantineLane} and {@link trimStages} plan. */
export const QUARANTINE_KINDS = [collectDiagnostics, quarantineMachine, trimQuarantine] as const

/** The machine that is kept, and what tells its steps from others of the same server. */
export interface KeptMachine {
  readonly machine: MachineRef
  /** The name of the step that keeps it. */
  readonly verb: string
  readonly reason?: string | undefined
}

/** Collects what tells why the machine of a server failed, then switches it off and keeps it for inspection. */
export function quarantineLane(
  member: Member,
  { machine, verb, reason }: KeptMachine,
  { paths = ['/var/log'], maxBytes = 16 * 1_048_576, limitMs = 60_000 }: QuarantineOptions = {},
): Lane {
  const { slot } = member.server
  const step = machineOf(member, machine)
  const collect = `${slot}/diagnose-${verb}`
  const about: Plain = {
    guest: guestOf(member, machine),
    limitMs,
    machine: machine.machine,
    maxBytes,
    paths,
    slot,
    unit: member.unit.name,
  }
  const kept: Plain = { ...step, diagnostics: outputOf(collect, 'archive'), ...(reason !== undefined && { reason }) }
  return [
    draft(collectDiagnostics, { id: collect, server: slot, input: about }),
    draft(quarantineMachine, { id: `${slot}/${verb}`, server: slot, input: kept }),
  ]
}

/** The end of the way back of a group, when the quarantine has a budget: what is beyond it is removed. */
export function trimStages(
  unit: ManagementUnit,
  group: string,
  { servers, forMs }: QuarantineOptions = {},
): readonly Stage[] {
  if (servers === undefined && forMs === undefined) return []
  const input = { forMs, hypervisor: unit.hypervisor, servers, unit: unit.name }
  return [{ name: 'trim quarantine', lanes: [[draft(trimQuarantine, { id: `${group}/trim-quarantine`, input })]] }]
}

/** Says what a budget means, before the plan is started. */
export function quarantineNotes({ servers, forMs }: QuarantineOptions = {}): readonly string[] {
  return [
    ...(servers === undefined
      ? []
      : [
          `on the way back, no more than ${servers} machines of these groups are kept in quarantine; the oldest are removed`,
        ]),
    ...(forMs === undefined ? [] : [`on the way back, machines that were in quarantine for ${forMs} ms are removed`]),
  ]
}
