import type { DefinitionSource, GroupDeclaration, Tier } from '@vmunit/core'
import { memoryDefinition, tierOf } from '../../support/memory-definition.ts'

/** Every start and stop of the application leaves a line, so that a command that ran twice is seen. */
function leavingTraces(tier: Tier): Tier {
  const traced = (verb: string): Tier['application']['start'] => [
    'sh',
    '-c',
    `echo ${verb} >> /var/log/application.log\nsystemctl ${verb} application`,
  ]
  return {
    ...tier,
    application: {
      ...tier.application,
      deploy: ['sh', '-c', 'sleep 0.05\necho deploy >> /var/log/application.log'],
      start: traced('start'),
      stop: traced('stop'),
      startTimeoutMs: 5_000,
    },
  }
}

/** A combined tier, and an application server with a web server in front. */
export function tiersOf(unit: string): readonly Tier[] {
  return [
    tierOf({ id: 'combined', type: 'combined-tier', startOrder: 1, template: 'web-base', pool: unit }),
    tierOf({ id: 'app', type: 'j2ee-tier', startOrder: 1, template: 'app-base' }),
    tierOf({ id: 'web', type: 'http-tier', startOrder: 2, template: 'web-base', pool: `${unit}-web` }),
  ].map(leavingTraces)
}

/** A definition whose hook leaves a line, and so does the deployment of its applications. */
export function definitionOf(unit: string, edition: number, applications = 1): DefinitionSource {
  const tiers = tiersOf(unit)
  const shops = tiers.map(({ id }) => [`${id}/app/shop.ear`, `shop ${applications}`])
  const texts = Object.fromEntries(tiers.map(({ id }) => [`${id}/config/server.conf`, `${id} of ${unit}, ${edition}`]))
  return memoryDefinition(tiers, {
    ...texts,
    ...Object.fromEntries(shops),
    'hook/pre-setup': '#!/bin/sh\nsleep 0.15\necho $VMI_VIRTUALID >> /var/log/hook.log',
  })
}

/** A user script that leaves a line. */
export const USER_SCRIPT: DefinitionSource = memoryDefinition([], {
  'user-script': '#!/bin/sh\necho $VMI_VIRTUALID >> /var/log/script.log',
})

function server(subnet: number, tierId: string, host: number): GroupDeclaration['servers'][number] {
  return { tierId, address: `192.168.${subnet}.${host}`, port: 20580, serviceAddress: `192.168.${subnet + 1}.${host}` }
}

/** The unit under test: two groups of one server each, and one of a web and an application server. */
export const GROUPS: readonly GroupDeclaration[] = [
  { name: 'vmgroup_1', servers: [server(1, 'combined', 101)] },
  { name: 'vmgroup_2', servers: [server(1, 'combined', 102)] },
  { name: 'vmgroup_3', servers: [server(1, 'web', 103), server(1, 'app', 104)] },
]

/** A group that is not there yet. */
export const NEW_GROUP: GroupDeclaration = { name: 'vmgroup_4', servers: [server(1, 'combined', 140)] }

/** A unit that nobody works on. */
export const BYSTANDERS: readonly GroupDeclaration[] = [{ name: 'vmgroup_1', servers: [server(5, 'combined', 101)] }]

export const UNIT = 'gyoumu_a'
export const BYSTANDER = 'gyoumu_b'
