import type { Argv, Tier } from '@vmunit/core'
import { formatProperties } from './format-properties.ts'
import { parseTierProperties } from './parse-tier-properties.ts'

/**
 * Writes a tier as `tier.properties`, which reads back as the same tier; a balancer connection has a file of its own.
 * Defaults are written out.
 *
 * @throws {@link VmunitError} `ERR_INVALID_FILE` or `ERR_INVALID_INPUT` when no valid file can hold the tier.
 */
export function formatTierProperties(tier: Omit<Tier, 'id'>): string {
  const { application, balancer, networks } = tier
  const values: readonly (readonly [string, string | number | undefined])[] = [
    ['tier.type', tier.type],
    ['start.order', tier.startOrder],
    ['template', tier.template],
    ['os', 'linux'],
    ['network.management', networks.management],
    ['network.service', networks.service],
    ['app.build', application.build && commandText(application.build)],
    ['app.deploy', application.deploy && commandText(application.deploy)],
    ['app.start', commandText(application.start)],
    ['app.stop', commandText(application.stop)],
    ['app.health', commandText(application.health)],
    ['app.start.timeout.ms', application.startTimeoutMs],
    ['lb.use', balancer?.name],
    ['lb.virtualserver.name', balancer?.pool],
    ['lb.virtualserver.host', balancer?.host],
    ['lb.virtualserver.port', balancer?.port],
    ['lb.drain.timeout.ms', balancer?.drainTimeoutMs],
  ]
  const entries = values.flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: String(value) }]))
  const text = formatProperties(entries)
  parseTierProperties(text, 'tier.properties')
  return text
}

/** JSON in ASCII: the file may hold ISO 8859-1 only. */
function commandText(argv: Argv): string {
  return JSON.stringify(argv).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
