import { applyPatch, applyTemplate, requestResources } from '@vmunit/core'
import { NEW_GROUP, UNIT } from './fleet-parts.ts'
import { ALL, PERIOD, ROLL, ROLLING, type Scenario } from './scenario.ts'

/** Those in which the run waits for people, without a lease. */
export const PEOPLE_SCENARIOS: readonly Scenario[] = [
  {
    ...ROLLING,
    name: 'applyTemplate, rolling, with an approval after the first group',
    provided: {},
    plan: (manager) =>
      manager.plan(applyTemplate, { ...ROLL, waves: [{ groups: 1 }, { groups: 1, gate: { kind: 'approval' } }] }),
  },
  {
    ...ROLLING,
    name: 'applyPatch, by a person, group by group',
    provided: {},
    plan: (manager) => manager.plan(applyPatch, { unit: UNIT, by: 'person', allowOutage: true }),
  },
  {
    ...ROLLING,
    name: 'applyPatch, by a person, whole',
    serving: 0,
    width: ALL,
    provided: {},
    plan: (manager) => manager.plan(applyPatch, { unit: UNIT, by: 'person', whole: true, allowOutage: true }),
  },
  {
    ...ROLLING,
    name: 'requestResources, servers by a person',
    serving: ALL,
    provided: { groups: [NEW_GROUP] },
    plan: (manager) =>
      manager.plan(requestResources, {
        request: {
          kind: 'provideServers',
          unit: UNIT,
          template: 'web-base',
          version: 1,
          groups: [{ name: NEW_GROUP.name, servers: NEW_GROUP.servers.map(({ tierId }) => ({ tierId })) }],
        },
        ...PERIOD,
        by: 'person',
      }),
  },
  {
    ...ROLLING,
    name: 'requestResources, a version by a person',
    serving: ALL,
    provided: { image: 'image-of-a-person', note: 'by hand' },
    plan: (manager) =>
      manager.plan(requestResources, {
        request: { kind: 'registerTemplate', template: 'web-base', server: '192.168.1.200', deleteVersion: 2 },
        ...PERIOD,
        by: 'person',
      }),
  },
]
