import * as z from 'zod'
import { type Definition, isSafePath } from './definition.ts'
import type { ServerGroup, UnitRecord } from './management-unit.ts'
import { NAME_PATTERN, NAME_RULE } from './names.ts'
import type { Parser } from './plain.ts'
import type { Share } from './share.ts'
import type { Template } from './template.ts'
import { UNIT_BALANCER } from './tier.ts'

const name = z.string().regex(NAME_PATTERN, `must be ${NAME_RULE}`)
const ipv4 = z.ipv4()
const port = z.int().min(1).max(65_535)
const milliseconds = z.int().min(0)
const argv = z.tuple([z.string().min(1)], z.string()).readonly()
const percentage = /^(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?)%$/
const share: z.ZodType<Share> = z.custom<Share>(
  (value) =>
    (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) ||
    (typeof value === 'string' && percentage.test(value)),
  'must be a number of groups, or a percentage such as "25%"',
)

const connection = z.strictObject({
  type: z.enum(['BIG-IPv9', 'BIG-IPv10.1', 'BIG-IPv10.2', 'BIG-IPv11', 'ACOS']),
  host: ipv4,
  protocol: z.literal('API'),
  port: z.int().min(1).max(65_534),
  user: z.string().min(1),
  cookieTemplate: z.string().optional(),
})

const balancer = z
  .strictObject({
    name: z.union([name, z.string().startsWith(UNIT_BALANCER)]),
    connection: connection.optional(),
    pool: name,
    host: ipv4.optional(),
    port,
    drainTimeoutMs: milliseconds,
  })
  .refine((one) => one.name.startsWith(UNIT_BALANCER) === (one.connection !== undefined), {
    message: `needs a connection with the name ${UNIT_BALANCER}, and has none with another name`,
    path: ['connection'],
  })

const tier = z.strictObject({
  id: name,
  type: z.enum(['combined-tier', 'http-tier', 'j2ee-tier', 'ctm-tier']),
  startOrder: z.int().min(0).max(9999),
  template: name,
  application: z.strictObject({
    build: argv.optional(),
    deploy: argv.optional(),
    start: argv,
    stop: argv,
    health: argv,
    startTimeoutMs: milliseconds,
  }),
  balancer: balancer.optional(),
  networks: z.strictObject({ management: z.string().min(1), service: z.string().min(1) }),
})

const machine = z.strictObject({ id: z.string().min(1), operationId: z.string().optional() })

const status = z.enum([
  'initial',
  'stopped',
  'working',
  'updating',
  'starting',
  'stopping',
  'fault(updating)',
  'fault(starting)',
  'fault(stopping)',
])

const server = z.strictObject({
  slot: z.string(),
  address: ipv4,
  port,
  serviceAddress: ipv4.optional(),
  tierId: name,
  machine: machine.optional(),
  templateVersion: z.int().min(1).optional(),
  definitionHash: z.string().optional(),
  status,
  member: z.string().optional(),
  reserved: z
    .array(z.strictObject({ address: ipv4, id: z.string() }))
    .readonly()
    .optional(),
  beside: z
    .strictObject({
      runId: z.string(),
      member: z.string().optional(),
      machines: z.array(z.strictObject({ id: z.string().optional(), operationId: z.string() })).readonly(),
      addresses: z
        .array(z.strictObject({ address: ipv4.optional(), id: z.string().optional(), network: z.string().optional() }))
        .readonly(),
    })
    .optional(),
  traffic: z.enum(['in', 'out', 'none']),
})

const unit = z.strictObject({
  name,
  owner: z.string(),
  description: z.string(),
  hypervisor: z.string(),
  tiers: z.array(tier).readonly(),
  definition: z.string().optional(),
})

const group = z.strictObject({
  name,
  unit: name,
  servers: z.array(server).readonly(),
  mark: z.strictObject({ time: z.number(), comment: z.string() }).optional(),
  quarantine: z
    .array(
      z.strictObject({
        machine,
        slot: z.string(),
        runId: z.string(),
        reason: z.string(),
        time: z.number(),
        diagnostics: z.string().optional(),
      }),
    )
    .readonly(),
})

const template = z.strictObject({
  name,
  hypervisor: z.string(),
  versions: z
    .array(
      z.strictObject({
        template: name,
        number: z.int().min(1),
        parent: z.int().optional(),
        image: z.string(),
        state: z.enum(['draft', 'active', 'deprecated', 'revoked', 'removed']),
        note: z.string(),
      }),
    )
    .readonly(),
})

const definition = z.strictObject({
  hash: z.string(),
  tiers: z.array(tier).readonly(),
  files: z
    .array(
      z.strictObject({
        path: z.string().refine(isSafePath, 'must stay in its directory'),
        hash: z.string(),
        sizeBytes: z.number(),
        executable: z.boolean(),
      }),
    )
    .readonly(),
})

const templateRef = z.strictObject({ template: name, version: z.int().min(1) })

const groupDeclaration = z.strictObject({
  name,
  servers: z
    .array(z.strictObject({ tierId: name, address: ipv4, port, serviceAddress: ipv4.optional() }))
    .min(1)
    .readonly(),
})

const wave = z.strictObject({
  groups: share,
  maxFailures: share.optional(),
  soakMs: milliseconds.optional(),
  deadlineMs: milliseconds.optional(),
  failureDomains: z.literal('oneByOne').optional(),
  gate: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('approval'), text: z.string().optional() }),
      z.strictObject({ kind: z.literal('until'), time: z.number() }),
    ])
    .optional(),
})

const surgingWave = wave.extend({ surge: share.optional() })

/** Parts that the inputs of operations and steps are checked with; zod's types stay inside this package. */
export const schemas = {
  argv,
  definition,
  group,
  groupDeclaration,
  ipv4,
  milliseconds,
  name,
  share,
  status,
  surgingWave,
  templateRef,
  wave,
}

export const unitParser: Parser<UnitRecord> = unit

export const groupParser: Parser<ServerGroup> = group

export const templateParser: Parser<Template> = template

export const definitionParser: Parser<Definition> = definition
