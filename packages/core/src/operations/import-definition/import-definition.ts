import * as z from 'zod'
import type { Definition } from '../../domain/definition.ts'
import type { ManagementUnit } from '../../domain/management-unit.ts'
import { schemas, unitParser } from '../../domain/parsers.ts'
import type { ExpectedFact } from '../../domain/plan.ts'
import { stepsOf } from '../../domain/planned-steps.ts'
import { type Tier, UNIT_BALANCER } from '../../domain/tier.ts'
import { updateScopes } from '../../domain/update-scope.ts'
import { keys, plain } from '../../engine/documents.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation, StepKind, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { unitOf } from '../roll/members-of.ts'
import { draft, EVERYTHING, rolling } from '../roll/stage.ts'
import { recordStep } from '../steps/record-step.ts'
import { movedPools } from './moved-pools.ts'

export interface ImportDefinitionInput {
  readonly unit: string
  /** The hash of a definition that `manager.definitions.add` took in. */
  readonly definition: string
}

export interface ImportDefinitionResult {
  readonly runId: string
  readonly definition: string
  readonly tiers: readonly string[]
}

const input = z.strictObject({ unit: schemas.name, definition: z.string().min(1) })

const registerInput = z.object({
  unit: z.string(),
  definition: schemas.definition,
})
type RegisterInput = z.infer<typeof registerInput>

const registerDefinition: StepKind<RegisterInput, Record<string, never>> = recordStep({
  name: 'unit.define',
  input: registerInput,
  writes({ unit, definition }) {
    const { hash } = definition
    const tiers = definition.tiers.map((tier) => ofUnit(tier, unit))
    return [{ key: keys.unit(unit), update: (value) => plain({ ...unitParser.parse(value), tiers, definition: hash }) }]
  },
})

/** A balancer that a definition directory brings with it is the unit's own: another unit may have another one. */
function ofUnit(tier: Tier, unit: string): Tier {
  const { balancer } = tier
  if (balancer?.name !== UNIT_BALANCER) return tier
  return { ...tier, balancer: { ...balancer, name: `${UNIT_BALANCER}${unit}/${tier.id}` } }
}

/**
 * Registers a definition directory with a unit; the one before is replaced as a whole, or stays as a whole
 * (manual 6.2.2).
 *
 * The servers stay as they are until `updateUnit` reflects it: their update scope becomes `applications` when only
 * applications differ from what they reflect, else `all`. Runs that have begun keep the definition that they were
 * planned with.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` for an unknown definition or template; `ERR_NOT_CONFIGURED` for a balancer
 * that the manager was not given; `ERR_WRONG_STATE` when a tier of attached servers would vanish, or another pool would
 * take the place of the one that they are in.
 * @example
 * ```ts
 * const definition = await manager.definitions.add(await readDefinition('./definition'))
 * await manager.execute(importDefinition, { unit: 'gyoumu_a', definition: definition.hash })
 * ```
 */
export const importDefinition: Operation<ImportDefinitionInput, ImportDefinitionResult> = defineOperation({
  name: 'importDefinition',
  version: 1,
  input,
  scope: ({ unit, definition }) => ({ unit, definition }),
  kinds: [registerDefinition],
  plan(request, world) {
    const unit = unitOf(world, request.unit)
    const definition = world.definitions.get(request.definition)
    if (definition === undefined) {
      throw new VmunitError(
        'ERR_NOT_FOUND',
        'That definition is not in the store. Add it with manager.definitions.add().',
        {
          details: { definition: request.definition },
        },
      )
    }
    checkTiers(world, unit, definition)
    const moved = movedPools(
      unit,
      definition.tiers.map((tier) => ofUnit(tier, unit.name)),
    )
    const step = draft(registerDefinition, {
      id: `${unit.name}/define@${definition.hash.slice(0, 12)}`,
      input: { unit: unit.name, definition: plain(definition) },
    })
    const reason = `definition ${unit.definition?.slice(0, 12) ?? 'none'} → ${definition.hash.slice(0, 12)}`
    const expects = [...expectUnit(unit, definition), ...moved.expects]
    const change = { group: unit.name, action: 'define' as const, reason, disturbs: false, expects }
    return {
      claims: [`definition/${unit.name}`, ...moved.claims],
      servers: [],
      phases: rolling('define', [{ change, stages: [{ name: 'define', lanes: [[step]] }], back: [] }], EVERYTHING),
      notes: scopeNotes(world, unit, definition),
    }
  },
  result: (plan, { runId }) => {
    const { definition } = input.parse(plan.input)
    const [step] = plan.phases.flatMap(({ changes }) => changes.flatMap((change) => stepsOf(plan, change)))
    const { tiers } = registerInput.parse(step?.input).definition
    return { runId, definition, tiers: tiers.map(({ id }) => id) }
  },
})

/** That nobody imported another definition meanwhile, nor attached a server to a tier that vanishes. */
function expectUnit(unit: ManagementUnit, definition: Definition): readonly ExpectedFact[] {
  const key = { unit: unit.name, server: unit.name }
  const kept = new Set(definition.tiers.map(({ id }) => id))
  const vanishing = unit.tiers.filter(({ id }) => !kept.has(id))
  return [
    { ...key, fact: 'registeredDefinition', value: unit.definition ?? null },
    ...vanishing.map(({ id }): ExpectedFact => ({ ...key, fact: 'usedTier', about: id, value: false })),
  ]
}

/** What is left to reflect afterwards. */
function scopeNotes(world: World, unit: ManagementUnit, definition: Definition): readonly string[] {
  const scopeOf = updateScopes(definition.hash, world.definitions)
  const scopes = unit.groups.flatMap(({ servers }) => servers.map(scopeOf))
  return (['all', 'applications'] as const).flatMap((scope) => {
    const count = scopes.filter((one) => one === scope).length
    const servers = count === 1 ? '1 server' : `${count} servers`
    return count === 0 ? [] : [`leaves ${servers} with update scope ${scope}`]
  })
}

function checkTiers(world: World, unit: ManagementUnit, definition: Definition): void {
  const tiers = new Set(definition.tiers.map(({ id }) => id))
  const lost = unit.groups.flatMap(({ servers }) => servers).filter(({ tierId }) => !tiers.has(tierId))
  if (lost.length > 0) {
    const names = lost.map(({ address, tierId }) => `${address} (${tierId})`).join(', ')
    throw new VmunitError(
      'ERR_WRONG_STATE',
      `The definition lacks the tiers of attached servers: ${names}. Detach them first.`,
      {
        details: { unit: unit.name, servers: lost.map(({ slot }) => slot) },
      },
    )
  }
  for (const { id, template, balancer } of definition.tiers) {
    if (!world.templates.has(template)) {
      throw new VmunitError('ERR_NOT_FOUND', `Tier ${id} names template ${template}, which is not registered.`, {
        details: { tier: id, template, known: [...world.templates.keys()].slice(0, 20) },
      })
    }
    if (balancer !== undefined && !world.balancers.has(balancer.name)) {
      throw new VmunitError(
        'ERR_NOT_CONFIGURED',
        balancer.name === UNIT_BALANCER
          ? `Tier ${id} brings its own balancer, but createManager was given no connectBalancer to reach it with.`
          : `Tier ${id} names balancer ${balancer.name}, which createManager was not given.`,
        {
          details: { tier: id, balancer: balancer.name, known: [...world.balancers] },
        },
      )
    }
  }
}
