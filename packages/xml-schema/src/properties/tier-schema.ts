import { NAME_PATTERN, NAME_RULE, type TierType, UNIT_BALANCER } from '@vmunit/core'
import * as z from 'zod'
import { mustBe } from '../must-be.ts'
import { commandValue, nameValue, numberValue } from './values.ts'

const TIER_TYPES = ['combined-tier', 'http-tier', 'j2ee-tier', 'ctm-tier'] as const satisfies readonly TierType[]

const DAY_MS = 86_400_000

const DEFAULT_TIMEOUT_MS = 300_000

const balancerValue: z.ZodType<string, string> = (() => {
  const what = mustBe(`${UNIT_BALANCER}, or ${NAME_RULE}`)
  return z.string(what).refine((text) => text === UNIT_BALANCER || NAME_PATTERN.test(text), what)
})()

/** Every key of tier.properties, in the order in which they are written. */
export const tierSchema = z.strictObject({
  'tier.type': z.enum(TIER_TYPES, mustBe(`one of ${TIER_TYPES.join(', ')}`)),
  'start.order': numberValue(0, 9999).default(0),
  template: nameValue,
  os: z.literal('linux', mustBe('linux, because guests are POSIX systems')).default('linux'),
  'network.management': z.string().default('management'),
  'network.service': z.string().default('service'),
  'app.build': commandValue.optional(),
  'app.deploy': commandValue.optional(),
  'app.start': commandValue,
  'app.stop': commandValue,
  'app.health': commandValue,
  'app.start.timeout.ms': numberValue(1, DAY_MS).default(DEFAULT_TIMEOUT_MS),
  'lb.use': balancerValue.optional(),
  'lb.virtualserver.name': nameValue.optional(),
  'lb.virtualserver.host': z.ipv4(mustBe('an IPv4 address such as 192.168.2.5, without leading zeros')).optional(),
  'lb.virtualserver.port': numberValue(1, 65_535).optional(),
  'lb.drain.timeout.ms': numberValue(0, DAY_MS).default(DEFAULT_TIMEOUT_MS),
})

/** What tier.properties says, defaults filled in. */
export type TierFields = z.infer<typeof tierSchema>
