import * as z from 'zod'
import { DEFAULT_AGENT_PORT, type GroupDeclaration } from '../../domain/group-declaration.ts'
import type { ExpectedFact } from '../../domain/plan.ts'
import type { ProvidedResources, ResourceRequest } from '../../domain/resource-request.ts'
import { providedParsers, resourceRequest } from '../../domain/resource-request-parsers.ts'
import type { TemplateRef } from '../../domain/template.ts'
import { groupClaim } from '../../engine/claims.ts'
import { assertNever } from '../../internal/assert-never.ts'
import type { Draft, Finished, Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { draft, EVERYTHING, type GroupProcedure, rolling, wayBack } from '../roll/stage.ts'
import * as steps from '../steps/index.ts'
import { byDriver, slotsOf } from './by-driver.ts'
import { ASK, byPerson, RECORD } from './by-person.ts'
import { checkRequest, newestVersionOf } from './check-request.ts'
import { sayRequest } from './say-request.ts'

export interface RequestResourcesInput {
  readonly request: ResourceRequest
  /** From when it is needed, in milliseconds since 1970. The hypervisor begins then; a person is asked at once. */
  readonly from: number
  /** Until when: without an answer by then the run fails. */
  readonly until: number
  /** `person`: the resource manager is asked, and the run waits. `driver`: the hypervisor does it. */
  readonly by: 'person' | 'driver'
}

export interface RequestResourcesResult {
  readonly runId: string
  /** The name of the person who answered; `driver` when the hypervisor did it. */
  readonly by: string
  /** What a person noted. */
  readonly note?: string | undefined
  /** What was asked for, in the shape of its kind: see `ProvidedResources`. */
  readonly provided: ProvidedResources[ResourceRequest['kind']]
  /** The groups of `provideServers`, as `attachGroups` takes them; empty for the other kinds. */
  readonly groups: readonly GroupDeclaration[]
  /** What was not done as asked: an old version that had to stay. */
  readonly warnings: readonly string[]
  /** The version that `registerTemplate` recorded. */
  readonly version?: TemplateRef | undefined
}

const input = z
  .strictObject({
    request: resourceRequest,
    from: z.int(),
    until: z.int(),
    by: z.enum(['person', 'driver']),
  })
  .refine(({ from, until }) => from < until, 'must end after it begins')

/**
 * Asks the resource manager for servers or templates, or gives them back (manual 6.2.3): by a letter to a person, for
 * whose answer the run waits without a lease, or by the hypervisor itself.
 *
 * `provideServers` changes no unit: what comes back goes to `attachGroups`, with `adopt: true`.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`, `ERR_UNKNOWN_TIER`, `ERR_ALREADY_EXISTS`; `ERR_WRONG_STATE` for servers
 * that are attached; `ERR_NOT_OWNED` and `ERR_NOT_ADOPTED` for machines that the hypervisor may not take.
 * @example
 * ```ts
 * const request = { kind: 'provideServers', unit, template: 'web-base', version: 2, groups } as const
 * const { groups: provided } = await manager.execute(requestResources, { request, from, until, by: 'person' })
 * await manager.execute(attachGroups, { unit, groups: provided, adopt: true })
 * ```
 */
export const requestResources: Operation<RequestResourcesInput, RequestResourcesResult> = defineOperation({
  name: 'requestResources',
  version: 1,
  input,
  scope: ({ request }) =>
    'unit' in request
      ? { unit: request.unit }
      : { template: request.template, templateMachines: request.kind === 'registerTemplate' },
  kinds: [
    steps.adoptMachine,
    steps.awaitAddress,
    steps.awaitAnswer,
    steps.awaitGuest,
    steps.awaitTime,
    steps.createMachine,
    steps.powerMachine,
    steps.publishImage,
    steps.recordVersion,
    steps.releaseMachine,
    steps.removeImage,
    steps.removeMachine,
  ],
  plan(given, world) {
    checkRequest(world, given.request)
    const procedure = procedureOf(world, given)
    return {
      claims: claimsOf(given.request),
      servers: linesOf(given),
      phases: rolling('request', [procedure], EVERYTHING),
      back: wayBack([procedure], 'rolling'),
      notes: [sayRequest(given.request, given)],
    }
  },
  result: ({ input: planned }, finished) => resultOf(input.parse(planned), finished),
})

function procedureOf(world: World, { request, from, until, by }: RequestResourcesInput): GroupProcedure {
  const change = {
    group: GROUP,
    action: request.kind === 'takeBack' ? 'detach' : request.kind === 'provideServers' ? 'attach' : 'patch',
    reason: by === 'person' ? 'asked of the resource manager' : 'done by the hypervisor',
    disturbs: false,
    expects: expectationsOf(world, request),
  } as const
  if (by === 'person') {
    return { change, stages: [{ name: 'ask', lanes: [byPerson(world, request, { from, until })] }], back: [] }
  }
  const fulfilments = byDriver(world, request)
  const wait = draft(steps.awaitTime, { id: 'request/begin', input: { time: from } })
  return {
    change,
    stages: [
      { name: 'wait', lanes: [[wait]] },
      { name: 'fulfil', lanes: fulfilments.map(({ lane }) => lane) },
      { name: 'hand over', lanes: fulfilments.map(({ handOver }) => handOver) },
    ],
    back: [{ name: 'discard', lanes: fulfilments.map(({ back }) => back) }],
  }
}

/** What may change until the run begins: that a server is in use, and which version comes next. */
function expectationsOf(world: World, request: ResourceRequest): readonly ExpectedFact[] {
  const free = (unit: string, address: string): ExpectedFact => {
    return { unit, server: `${GROUP}/${address}`, fact: 'holder', about: address, value: null }
  }
  if (request.kind === 'takeBack') return request.addresses.map((address) => free(request.unit, address))
  if (request.kind !== 'registerTemplate') return []
  const { template, server } = request
  const newest = newestVersionOf(world, template)
  const next: ExpectedFact = { unit: '', server: GROUP, fact: 'newestVersion', about: template, value: newest }
  return [free('', server), next]
}

/** The group of the only change: a request is about machines that belong to no group. */
const GROUP = 'request'

function claimsOf(request: ResourceRequest): readonly string[] {
  switch (request.kind) {
    case 'patchServer':
      return [`template/${request.template}/patch`]
    case 'registerTemplate':
      return [`template/${request.template}`]
    case 'provideServers':
      return request.groups.map(({ name }) => groupClaim(request.unit, name))
    case 'takeBack':
      return request.addresses.map((address) => `addresses/all/${address}`)
    default:
      return assertNever(request, 'kind of request')
  }
}

function linesOf({ request, by }: RequestResourcesInput): Draft['servers'] {
  const reason = by === 'person' ? 'asked of the resource manager' : 'by the hypervisor'
  if (request.kind === 'takeBack') {
    return request.addresses.map((address) => ({
      server: `${GROUP}/${address}`,
      address,
      action: 'detach',
      reason: `given back, ${reason}`,
    }))
  }
  return []
}

function resultOf({ request, by }: RequestResourcesInput, finished: Finished): RequestResourcesResult {
  const { runId } = finished
  if (by === 'driver') return { runId, by, ...fulfilled(request, finished) }
  const { by: name, note, content = {} } = answerParser.parse(finished.outputOf(ASK))
  const provided = providedParsers[request.kind].parse(content)
  const said = { runId, warnings: [], by: name, ...(note !== undefined && { note }), provided }
  if (request.kind === 'provideServers') {
    return { ...said, groups: providedParsers.provideServers.parse(content).groups }
  }
  if (request.kind !== 'registerTemplate') return { ...said, groups: [] }
  const { version } = recordParser.parse(finished.outputOf(RECORD))
  return { ...said, groups: [], version: { template: request.template, version } }
}

const answerParser = z.object({ by: z.string(), note: z.string().optional(), content: z.unknown().optional() })
const recordParser = z.object({ version: z.number() })
const publishParser = z.object({ image: z.string(), version: z.number() })
const removedParser = z.object({ removed: z.boolean() })
const addressParser = z.object({ address: z.string() })

function fulfilled(
  request: ResourceRequest,
  { outputOf }: Finished,
): Pick<RequestResourcesResult, 'provided' | 'groups' | 'version' | 'warnings'> {
  switch (request.kind) {
    case 'patchServer':
      return { provided: addressParser.parse(outputOf('server/address')), groups: [], warnings: [] }
    case 'registerTemplate': {
      const { image, version } = publishParser.parse(outputOf('register/publish'))
      return {
        provided: { image },
        groups: [],
        warnings: staying(request, outputOf),
        version: { template: request.template, version },
      }
    }
    case 'provideServers': {
      const groups = declarationsOf(request, outputOf)
      return { provided: { groups }, groups, warnings: [] }
    }
    case 'takeBack':
      return { provided: {}, groups: [], warnings: [] }
    default:
      return assertNever(request, 'kind of request')
  }
}

function staying(
  { template, deleteVersion }: ResourceRequest & { readonly kind: 'registerTemplate' },
  outputOf: Finished['outputOf'],
): readonly string[] {
  if (deleteVersion === undefined || removedParser.parse(outputOf('register/delete')).removed) return []
  return [
    `Version ${deleteVersion} of ${template} is deprecated but not deleted: machines or images descend from it, or a person registered its image.`,
  ]
}

function declarationsOf(
  request: ResourceRequest & { readonly kind: 'provideServers' },
  outputOf: Finished['outputOf'],
): readonly GroupDeclaration[] {
  const made = slotsOf(request).map(({ slot, group, server: { tierId, address, serviceAddress } }) => ({
    group,
    server: {
      tierId,
      address: address ?? addressParser.parse(outputOf(`${slot}/address`)).address,
      port: DEFAULT_AGENT_PORT,
      ...(serviceAddress !== undefined && { serviceAddress }),
    },
  }))
  return request.groups.map(({ name }) => ({
    name,
    servers: made.filter(({ group }) => group === name).map(({ server }) => server),
  }))
}
