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
import { BYSTANDER, GROUPS, NEW_GROUP, UNIT } from './fleet-parts.ts'
import { PEOPLE_SCENARIOS } from './people-scenarios.ts'
import { ALL, PERIOD, ROLL, ROLLING, type Scenario, version } from './scenario.ts'

/** Leaves a line, so that a command that ran twice is seen. */
const PATCH = [['sh', '-c', 'echo patched >> /var/log/application.log']] as const

const broken = { ...ROLL, template: version(3) }

/** One group after another, each beside its old machines. */
const BESIDE = { waves: [{ groups: '100%', surge: 1 }], addresses: 'pool' } as const

/** One or more of each operation. */
export const SCENARIOS: readonly Scenario[] = [
  ...PEOPLE_SCENARIOS,
  {
    ...ROLLING,
    name: 'applyTemplate, two groups at once',
    serving: ALL - 2,
    width: 2,
    plan: (manager) => manager.plan(applyTemplate, { ...ROLL, waves: [{ groups: 2 }] }),
  },
  {
    ...ROLLING,
    name: 'applyTemplate, whole',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(applyTemplate, { ...ROLL, whole: true }),
  },
  {
    ...ROLLING,
    name: 'applyTemplate, old machines removed first',
    plan: (manager) => manager.plan(applyTemplate, { ...ROLL, returnOld: 'first' }),
  },
  {
    ...ROLLING,
    name: 'applyTemplate, rolling with surge',
    serving: ALL,
    plan: (manager) => manager.plan(applyTemplate, { ...ROLL, ...BESIDE }),
  },
  {
    ...ROLLING,
    name: 'applyTemplate, rolling with surge, a version that does not start',
    ends: 'failed',
    serving: ALL,
    plan: (manager) => manager.plan(applyTemplate, { ...broken, ...BESIDE }),
  },
  {
    ...ROLLING,
    name: 'applyTemplate, rolling, a version that does not start',
    ends: 'failed',
    plan: (manager) => manager.plan(applyTemplate, broken),
  },
  {
    ...ROLLING,
    name: 'applyTemplate, whole, a version that does not start',
    ends: 'failed',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(applyTemplate, { ...broken, whole: true }),
  },
  {
    ...ROLLING,
    name: 'applyTemplate, rolling, a version that does not start and nothing is kept',
    ends: 'failed',
    plan: (manager) => manager.plan(applyTemplate, { ...broken, quarantine: { servers: 0 } }),
  },
  {
    ...ROLLING,
    name: 'applyTemplate, whole, a version that does not start and nothing is kept',
    ends: 'failed',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(applyTemplate, { ...broken, whole: true, quarantine: { servers: 0 } }),
  },
  {
    ...ROLLING,
    name: 'patchTemplate',
    serving: ALL,
    plan: (manager) =>
      manager.plan(patchTemplate, { template: 'app-base', commands: [['dnf', '-y', 'upgrade'], ['true']] }),
  },
  {
    ...ROLLING,
    name: 'patchTemplate, a command that fails',
    ends: 'failed',
    serving: ALL,
    plan: (manager) =>
      manager.plan(patchTemplate, { template: 'app-base', commands: [['dnf', '-y', 'upgrade'], ['false']] }),
  },
  {
    ...ROLLING,
    name: 'requestResources, servers by the hypervisor',
    serving: ALL,
    plan: (manager) =>
      manager.plan(requestResources, {
        request: {
          kind: 'provideServers',
          unit: UNIT,
          template: 'web-base',
          version: 1,
          groups: [{ name: 'provided', servers: [{ tierId: GROUPS[0]?.servers[0]?.tierId ?? '' }] }],
        },
        ...PERIOD,
        by: 'driver',
      }),
  },
  {
    ...ROLLING,
    name: 'collectLogs',
    serving: ALL,
    width: ALL,
    plan: (manager) => manager.plan(collectLogs, { unit: UNIT, paths: ['/opt/vmunit/definition'] }),
  },
  {
    ...ROLLING,
    name: 'importDefinition',
    serving: ALL,
    plan: (manager, { nextDefinition }) => manager.plan(importDefinition, { unit: UNIT, definition: nextDefinition }),
  },
  {
    ...ROLLING,
    name: 'updateUnit, applications of servers that work',
    base: 'imported',
    serving: ALL,
    width: ALL,
    plan: (manager) => manager.plan(updateUnit, { unit: UNIT, scope: 'applications' }),
  },
  {
    ...ROLLING,
    name: 'mark',
    serving: ALL,
    plan: (manager) => manager.plan(mark, { unit: UNIT, group: 'vmgroup_1', comment: '調査中' }),
  },
  {
    ...ROLLING,
    name: 'unmark',
    serving: ALL,
    plan: (manager) => manager.plan(unmark, { unit: BYSTANDER, group: 'vmgroup_1' }),
  },
  {
    ...ROLLING,
    name: 'endQuarantine',
    base: 'kept',
    serving: ALL,
    width: ALL,
    plan: (manager) => manager.plan(endQuarantine, { unit: UNIT }),
  },
  {
    name: 'attachGroups, adopting',
    base: 'provided',
    ends: 'succeeded',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(attachGroups, { unit: UNIT, groups: GROUPS, adopt: true }),
  },
  {
    name: 'updateUnit',
    base: 'attached',
    ends: 'succeeded',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(updateUnit, { unit: UNIT }),
  },
  {
    name: 'start',
    base: 'updated',
    ends: 'succeeded',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(start, { unit: UNIT }),
  },
  {
    name: 'stop',
    base: 'running',
    ends: 'succeeded',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(stop, { unit: UNIT }),
  },
  {
    name: 'detachGroups',
    base: 'updated',
    ends: 'succeeded',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(detachGroups, { unit: UNIT, groups: GROUPS.map(({ name }) => name) }),
  },
  {
    name: 'power off',
    base: 'updated',
    ends: 'succeeded',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(power, { unit: UNIT, to: 'off' }),
  },
  {
    ...ROLLING,
    name: 'applyPatch, rolling, with a reboot',
    plan: (manager) => manager.plan(applyPatch, { unit: UNIT, commands: PATCH, reboot: true, allowOutage: true }),
  },
  {
    ...ROLLING,
    name: 'applyPatch, whole',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(applyPatch, { unit: UNIT, commands: PATCH, whole: true, allowOutage: true }),
  },
  {
    ...ROLLING,
    name: 'runScript',
    serving: ALL,
    width: ALL,
    plan: (manager, { script }) => manager.plan(runScript, { unit: UNIT, script }),
  },
  {
    ...ROLLING,
    name: 'scaleOut',
    serving: ALL,
    plan: (manager) => manager.plan(scaleOut, { unit: UNIT, groups: [NEW_GROUP], template: version(2) }),
  },
  {
    ...ROLLING,
    name: 'scaleOut, a version that does not start',
    ends: 'failed',
    serving: ALL,
    plan: (manager) => manager.plan(scaleOut, { unit: UNIT, groups: [NEW_GROUP], template: version(3) }),
  },
  {
    ...ROLLING,
    name: 'scaleIn',
    plan: (manager) => manager.plan(scaleIn, { unit: UNIT, groups: ['vmgroup_1'] }),
  },
  {
    ...ROLLING,
    name: 'deleteUnit',
    serving: 0,
    width: ALL,
    plan: (manager) => manager.plan(deleteUnit, { unit: UNIT, detach: true }),
  },
  {
    ...ROLLING,
    name: 'block',
    serving: ALL - 1,
    plan: (manager) => manager.plan(block, { unit: UNIT, groups: ['vmgroup_1'] }),
  },
  {
    ...ROLLING,
    name: 'unblock',
    base: 'blocked',
    serving: ALL - 1,
    plan: (manager) => manager.plan(unblock, { unit: UNIT, groups: ['vmgroup_1'] }),
  },
  {
    ...ROLLING,
    name: 'recoverServer, repair',
    plan: (manager) => manager.plan(recoverServer, { unit: UNIT, server: '192.168.1.101', by: 'repair' }),
  },
  {
    ...ROLLING,
    name: 'recoverServer, replace',
    plan: (manager) => manager.plan(recoverServer, { unit: UNIT, server: '192.168.1.101', by: 'replace' }),
  },
  {
    ...ROLLING,
    name: 'createTemplate',
    serving: ALL,
    async plan(manager) {
      const image = (await manager.templates.get('app-base')).versions[0]?.image ?? ''
      return await manager.plan(createTemplate, {
        template: 'new-base',
        hypervisor: 'main',
        from: { image },
        commands: [['true']],
      })
    },
  },
  {
    ...ROLLING,
    name: 'retireTemplate',
    serving: ALL,
    async plan(manager) {
      return await manager.plan(retireTemplate, { template: 'web-base', versions: [2], to: 'removed' })
    },
  },
]

/** A scenario by its name, for other processes. */
export function scenarioNamed(name: string): Scenario {
  const found = [ROLLING, ...SCENARIOS].find((scenario) => scenario.name === name)
  if (found === undefined) throw new Error(`There is no scenario ${name}.`)
  return found
}
