import { type ManagementUnit, type Plan, patchTemplate, type TemplateRef } from '@vmunit/core'
import type { MachineTruth } from '@vmunit/core/testing'
import type { Fleet } from './fleet.ts'

export const UNIT = 'gyoumu_a'

/** The slots of `storyGroups`, in the order of plans. */
export const SLOTS = ['vmgroup_1/combined/0', 'vmgroup_2/combined/0', 'vmgroup_3/web/0', 'vmgroup_3/app/0'] as const

/** Patches a template by installing something. */
export async function upgrade(fleet: Fleet, template = 'web-base'): Promise<TemplateRef> {
  const commands = [['dnf', '-y', 'upgrade', '--security']] as const
  return (await fleet.manager.execute(patchTemplate, { template, commands })).version
}

/** Makes a version whose application does not start. */
export async function breakVersion(fleet: Fleet, template = 'web-base'): Promise<TemplateRef> {
  const commands = [['touch', '/etc/application.broken']] as const
  return (await fleet.manager.execute(patchTemplate, { template, commands })).version
}

/** The machines of a unit by slot, as they really are; a slot with several has several. */
export async function machinesOf(fleet: Pick<Fleet, 'world'>, unit = UNIT): Promise<Map<string, MachineTruth[]>> {
  const machines = (await fleet.world.admin.machines()).filter(({ marker }) => marker?.unit === unit)
  return Map.groupBy(machines, ({ marker }) => marker?.slot ?? '')
}

/** The one machine of a slot. */
export async function machineOf(fleet: Pick<Fleet, 'world'>, slot: string, unit = UNIT): Promise<MachineTruth> {
  const machines = (await machinesOf(fleet, unit)).get(slot) ?? []
  const [machine] = machines
  if (machine === undefined || machines.length > 1) throw new Error(`${machines.length} machines in ${slot}`)
  return machine
}

/** `slot status traffic version` for every server of a unit. */
export function standing({ groups }: ManagementUnit): readonly string[] {
  return groups.flatMap(({ servers }) =>
    servers.map(({ slot, status, traffic, templateVersion }) => `${slot} ${status} ${traffic} ${templateVersion}`),
  )
}

/** `slot action` for every server of a plan. */
export function actions({ servers }: Plan): readonly string[] {
  return servers.map(({ server, action }) => `${server} ${action}`)
}
