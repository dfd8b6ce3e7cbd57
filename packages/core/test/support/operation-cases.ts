import {
  applyPatch,
  applyTemplate,
  attachGroups,
  block,
  collectLogs,
  createTemplate,
  deleteUnit,
  detachGroups,
  endQuarantine,
  importDefinition,
  mark,
  type Operation,
  patchTemplate,
  power,
  recoverServer,
  requestResources,
  retireTemplate,
  runScript,
  scaleIn,
  scaleOut,
  start,
  stop,
  unblock,
  unmark,
  updateUnit,
} from '@vmunit/core'
import type { Fleet } from './fleet.ts'
import { storyGroups, TIERS } from './fleet.ts'
import { memoryDefinition } from './memory-definition.ts'
import { UNIT, upgrade } from './story.ts'

/** What inputs name that exists only in a fleet. */
export interface CaseParts {
  readonly script: string
  readonly definition: string
  readonly image: string
}

/** What is done first where the operation would otherwise have nothing to do. `changed`: a definition with another application. */
type Prelude = 'stopped' | 'blocked' | 'off' | 'marked' | 'changed'

/** An operation with an input that concerns `vmgroup_1`, or nothing of it. */
export interface OperationCase {
  readonly operation: Operation
  readonly input: (parts: CaseParts) => unknown
  readonly preludes: readonly Prelude[]
}

const unit = UNIT
const one = { unit, groups: ['vmgroup_1'] }
const server = { unit, server: '192.168.1.101', allowOutage: true }
const more = [{ name: 'vmgroup_9', servers: [{ tierId: 'combined', address: '192.168.1.190', port: 20580 }] }]
const request = {
  kind: 'provideServers',
  unit,
  template: 'web-base',
  version: 2,
  groups: [{ name: 'vmgroup_8', servers: [{ tierId: 'combined' }] }],
}

/** Every built-in operation; where it does several things, each has a name of its own. */
export const OPERATION_CASES: Readonly<Record<string, OperationCase>> = {
  applyPatch: of(applyPatch, () => ({ ...one, commands: [['true']], allowOutage: true })),
  applyTemplate: of(applyTemplate, () => ({
    ...one,
    template: { template: 'web-base', version: 2 },
    allowOutage: true,
  })),
  attachGroups: of(attachGroups, () => ({ unit, groups: more })),
  block: of(block, () => one),
  collectLogs: of(collectLogs, () => one),
  createTemplate: of(createTemplate, ({ image }) => ({ template: 'db-base', hypervisor: 'main', from: { image } })),
  deleteUnit: of(deleteUnit, () => ({ unit })),
  'deleteUnit:detach': of(deleteUnit, () => ({ unit, detach: true })),
  detachGroups: of(detachGroups, () => one, 'stopped'),
  endQuarantine: of(endQuarantine, () => one),
  importDefinition: of(importDefinition, ({ definition }) => ({ unit, definition })),
  mark: of(mark, () => ({ unit, group: 'vmgroup_1', comment: '調査中' })),
  patchTemplate: of(patchTemplate, () => ({ template: 'web-base', commands: [['true']] })),
  'power:off': of(power, () => ({ ...one, to: 'off' }), 'stopped'),
  'power:on': of(power, () => ({ ...one, to: 'on' }), 'stopped', 'off'),
  'recoverServer:repair': of(recoverServer, () => ({ ...server, by: 'repair' })),
  'recoverServer:replace': of(recoverServer, () => ({ ...server, by: 'replace' })),
  requestResources: of(requestResources, () => ({ request, from: 0, until: Date.parse('2100-01-01'), by: 'driver' })),
  retireTemplate: of(retireTemplate, () => ({ template: 'web-base', versions: [1], to: 'deprecated' })),
  runScript: of(runScript, ({ script }) => ({ ...one, script })),
  scaleIn: of(scaleIn, () => ({ ...one, allowOutage: true })),
  scaleOut: of(scaleOut, () => ({ unit, groups: more })),
  start: of(start, () => one, 'stopped'),
  stop: of(stop, () => one),
  unblock: of(unblock, () => one, 'blocked'),
  unmark: of(unmark, () => ({ unit, group: 'vmgroup_1' }), 'marked'),
  updateUnit: of(updateUnit, () => one, 'stopped', 'changed'),
  'updateUnit:applications': of(updateUnit, () => ({ ...one, scope: 'applications' }), 'changed'),
  'updateUnit:waves': of(updateUnit, () => ({ ...one, waves: [{ groups: 1 }], allowOutage: true }), 'changed'),
}

/**
 * Cases that concern no server that is there: whatever its status and its group are, they go on as ever, it stays as it
 * is, and nobody is warned of it.
 */
export const ASIDE = [
  'attachGroups',
  'collectLogs',
  'createTemplate',
  'endQuarantine',
  'importDefinition',
  'mark',
  'patchTemplate',
  'requestResources',
  'retireTemplate',
  'scaleOut',
  'unmark',
] as const

function of<Input, Output>(
  operation: Operation<Input, Output>,
  input: (parts: CaseParts) => unknown,
  ...preludes: readonly Prelude[]
): OperationCase {
  return { operation: operation as unknown as Operation, input, preludes }
}

/** A unit of two groups of one server each, with all that the cases name. */
export async function prepareCases(fleet: Fleet): Promise<CaseParts> {
  await fleet.build(UNIT, storyGroups().slice(0, 2))
  await upgrade(fleet)
  const [image] = await fleet.world.admin.images()
  const { files, read } = await fleet.manager.definitions.export(UNIT)
  const built: Record<string, string> = {}
  for (const { path } of files) built[path] = Buffer.concat(await Array.fromAsync(read(path))).toString()
  const [script, definition] = await Promise.all([
    fleet.manager.definitions.add(memoryDefinition([], { 'user-script': '#!/bin/sh\ntrue' })),
    fleet.manager.definitions.add(memoryDefinition(TIERS, { ...built, 'combined/app/shop.ear': 'PK' })),
  ])
  return { script: script.hash, definition: definition.hash, image: image?.id ?? '' }
}

/** Does what comes before a case. */
export async function playPreludes({ manager }: Fleet, { preludes }: OperationCase, parts: CaseParts): Promise<void> {
  for (const prelude of preludes) {
    switch (prelude) {
      case 'stopped':
        await manager.execute(stop, one)
        break
      case 'blocked':
        await manager.execute(block, one)
        break
      case 'off':
        await manager.execute(power, { ...one, to: 'off' })
        break
      case 'marked':
        await manager.execute(mark, { unit, group: 'vmgroup_1', comment: '調査中' })
        break
      case 'changed':
        await manager.execute(importDefinition, { unit, definition: parts.definition })
        break
    }
  }
}
