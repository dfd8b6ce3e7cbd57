import type { Tier, TierBalancer } from '@vmunit/core'
import { type FileIssue, issuesError } from '../issues.ts'
import { type Property, parseProperties } from './parse-properties.ts'
import { byLine, readFields } from './read-fields.ts'
import { type TierFields, tierSchema } from './tier-schema.ts'

/**
 * Reads `tier.properties`: all of a tier but its identifier, which is the name of its directory.
 *
 * Commands are JSON arrays, never shell strings. Without `lb.use` the tier has no balancer, whatever other `lb.` keys
 * say; with `lb.use=:unit:` the connection is in `tierlb.properties`. Keys that are not known are problems.
 *
 * @param file - how messages and issues call the file.
 * @throws {@link VmunitError} `ERR_INVALID_FILE` with all problems, each with its line; a key that is missing is
 * reported on line 1, or on the line that makes it necessary.
 */
export function parseTierProperties(text: string, file: string): Omit<Tier, 'id'> {
  const properties = parseProperties(text, file)
  const { values, issues } = readFields(tierSchema, properties, { file })
  const all = byLine([...issues, ...missingForBalancer(properties, file)])
  if (values === undefined || all.length > 0) {
    throw issuesError('ERR_INVALID_FILE', all, 'correct the file and read it again')
  }
  return tierOf(values)
}

/** `lb.use` needs the entry point that it is for. */
function missingForBalancer(properties: readonly Property[], file: string): readonly FileIssue[] {
  const use = properties.find(({ key }) => key === 'lb.use')
  if (use === undefined) return []
  const missing = ['lb.virtualserver.name', 'lb.virtualserver.port'].filter((key) => {
    return !properties.some((property) => property.key === key)
  })
  return missing.map((key) => ({ path: file, line: use.line, message: `${key} is missing, but lb.use needs it` }))
}

function tierOf(values: TierFields): Omit<Tier, 'id'> {
  const build = values['app.build']
  const deploy = values['app.deploy']
  const balancer = balancerOf(values)
  return {
    type: values['tier.type'],
    startOrder: values['start.order'],
    template: values.template,
    application: {
      ...(build === undefined ? {} : { build }),
      ...(deploy === undefined ? {} : { deploy }),
      start: values['app.start'],
      stop: values['app.stop'],
      health: values['app.health'],
      startTimeoutMs: values['app.start.timeout.ms'],
    },
    ...(balancer === undefined ? {} : { balancer }),
    networks: { management: values['network.management'], service: values['network.service'] },
  }
}

function balancerOf(values: TierFields): TierBalancer | undefined {
  const { 'lb.use': name, 'lb.virtualserver.name': pool, 'lb.virtualserver.port': port } = values
  if (name === undefined || pool === undefined || port === undefined) return undefined
  const host = values['lb.virtualserver.host']
  const drainTimeoutMs = values['lb.drain.timeout.ms']
  return { name, pool, ...(host === undefined ? {} : { host }), port, drainTimeoutMs }
}
