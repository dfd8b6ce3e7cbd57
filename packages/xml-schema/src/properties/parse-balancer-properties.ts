import type { BalancerConnection } from '@vmunit/core'
import * as z from 'zod'
import { issuesError } from '../issues.ts'
import { mustBe } from '../must-be.ts'
import { parseProperties } from './parse-properties.ts'
import { byLine, readFields } from './read-fields.ts'
import { numberValue } from './values.ts'

/** How a load balancer is managed, with the secret (spec §4.5). */
export interface BalancerProperties extends BalancerConnection {
  /** Empty when the file has none. */
  readonly password: string
}

const TYPES = [
  'BIG-IPv9',
  'BIG-IPv10.1',
  'BIG-IPv10.2',
  'BIG-IPv11',
  'ACOS',
] as const satisfies readonly BalancerConnection['type'][]

/** The key whose value appears in no message. */
export const PASSWORD_KEY = 'lb.password'

const schema = z.strictObject({
  'lb.type': z.enum(TYPES, mustBe(`one of ${TYPES.join(', ')}`)),
  'lb.host': z.ipv4(mustBe('an IPv4 address such as 192.168.1.5, without leading zeros')),
  'lb.protocol': z.literal('API', mustBe('API')),
  'lb.port': numberValue(1, 65_534).default(443),
  'lb.user': z.string(mustBe('the name of a user of the load balancer')),
  [PASSWORD_KEY]: z.string().default(''),
  'lb.persistence.cookie-insert.templatename': z.string().optional(),
})

/**
 * Reads the connection of a load balancer: `tierlb.properties` of a tier, or `<LB id>.properties` of the manager. Both
 * have the same keys.
 *
 * No part of the password ever stands in an error.
 *
 * @param file - how messages and issues call the file.
 * @throws {@link VmunitError} `ERR_INVALID_FILE` with all problems, each with its line; a missing key is reported on
 * line 1.
 */
export function parseBalancerProperties(text: string, file: string): BalancerProperties {
  const properties = parseProperties(text, file, [PASSWORD_KEY])
  const { values, issues } = readFields(schema, properties, { file, secrets: [PASSWORD_KEY] })
  if (values === undefined) throw issuesError('ERR_INVALID_FILE', byLine(issues), 'correct the file and read it again')
  const cookieTemplate = values['lb.persistence.cookie-insert.templatename']
  return {
    type: values['lb.type'],
    host: values['lb.host'],
    protocol: values['lb.protocol'],
    port: values['lb.port'],
    user: values['lb.user'],
    password: values[PASSWORD_KEY],
    ...(cookieTemplate === undefined ? {} : { cookieTemplate }),
  }
}
