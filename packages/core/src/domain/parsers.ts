import * as z from 'zod'
import type { Definition } from './definition.ts'
import type { GroupDeclaration } from './group-declaration.ts'
import type { ServerGroup, UnitRecord } from './management-unit.ts'
import { NAME_PATTERN, NAME_RULE } from './names.ts'
import type { Parser } from './plain.ts'
import type { Wave } from './plan.ts'
import type { Template, TemplateRef } from './template.ts'
import type { Argv, Tier } from './tier.ts'

const name = z.string().regex(NAME_PATTERN, `must be ${NAME_RULE}`)
const ipv4 = z.ipv4()
const port = z.int().min(1).max(65_535)
const milliseconds = z.int().min(0)
const argv = z.tuple([z.string().min(1)], z.string()).readonly()
const share = z.union([
  z.int().min(0),
  z.templateLiteral([z.number().min(0).max(100), '%'], 'must be a number of groups, or a percentage such as "25%"'),
])

const tier = z.strictObject({
  id: name,
  type: z.enum(['combined-tier', 'http-tier', 'j2ee-tier', 'ctm-tier']),
  startOrder: z.int().min(0).max(9999),
  template: name,
  application: z.strictObject({
    build: argv.optional(),
    start: argv,
    stop: argv,
    health: argv,
    startTimeoutMs: milliseconds,
  }),
  balancer: z.strictObject({ name, pool: name, port, drainTimeoutMs: milliseconds }).optional(),
  networks: z.strictObject({ management: z.string().min(1), service: z.string().min(1) }),
})

const machine = z.strictObject({ id: z.string().min(1), operationId: z.string().optional() })

const server = z.strictObject({
  slot: z.string(),
  address: ipv4,
  port,
  serviceAddress: ipv4.optional(),
  tierId: name,
  machine: machine.optional(),
  templateVersion: z.int().min(1).optional(),
  definitionHash: z.string().optional(),
  status: z.enum([
    'initial',
    'stopped',
    'working',
    'updating',
    'starting',
    'stopping',
    'fault(updating)',
    'fault(starting)',
    'fault(stopping)',
  ]),
  traffic: z.enum(['in', 'out', 'none']),
})

/** Parts that operations and stored documents are checked with; zod's types stay inside this module's users. */
export const schemas = { argv, ipv4, machine, milliseconds, name, port, share, tier }

export const argvParser: Parser<Argv> = argv

export const tierParser: Parser<Tier> = tier

export const unitParser: Parser<UnitRecord> = z.strictObject({
  name,
  owner: z.string(),
  description: z.string(),
  hypervisor: z.string(),
  tiers: z.array(tier).readonly(),
  definition: z.string().optional(),
})

export const groupParser: Parser<ServerGroup> = z.strictObject({
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
      }),
    )
    .readonly(),
})

export const templateParser: Parser<Template> = z.strictObject({
  name,
  hypervisor: z.string(),
  versions: z
    .array(
      z.strictObject({
        template: name,
        number: z.int().min(1),
        parent: z.int().optional(),
        image: z.string(),
        state: z.enum(['draft', 'active', 'deprecated', 'revoked']),
        note: z.string(),
      }),
    )
    .readonly(),
})

export const definitionParser: Parser<Definition> = z.strictObject({
  hash: z.string(),
  tiers: z.array(tier).readonly(),
  files: z
    .array(z.strictObject({ path: z.string(), hash: z.string(), sizeBytes: z.number(), executable: z.boolean() }))
    .readonly(),
})

export const templateRefParser: Parser<TemplateRef> = z.strictObject({ template: name, version: z.int().min(1) })

export const groupDeclarationParser: Parser<GroupDeclaration> = z.strictObject({
  name,
  servers: z
    .array(z.strictObject({ tierId: name, address: ipv4, port, serviceAddress: ipv4.optional() }))
    .min(1)
    .readonly(),
})

export const waveParser: Parser<Wave> = z.strictObject({
  groups: share,
  maxFailures: share.optional(),
  soakMs: milliseconds.optional(),
  gate: z
    .strictObject({
      kind: z.enum(['approval', 'until']),
      text: z.string().optional(),
      time: z.number().optional(),
    })
    .optional(),
})
