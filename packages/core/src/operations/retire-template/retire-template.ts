import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'
import type { Wave } from '../../domain/plan.ts'
import { stepsOf } from '../../domain/planned-steps.ts'
import type { Template, TemplateVersion } from '../../domain/template.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { draft, type GroupProcedure, rolling, type StepDraft } from '../roll/stage.ts'
import { type RetiredState, retirable } from './retirable.ts'
import { removeVersion, retireVersion } from './retire-version.ts'

export interface RetireTemplateInput {
  readonly template: string
  /** Numbers of versions; `unused`: all but the current one that no server is made from. */
  readonly versions: readonly number[] | 'unused'
  /**
   * `deprecated`: servers can still be made from it; `revoked`: none any more, those that are stay; `removed`: its image
   * is deleted.
   */
  readonly to: RetiredState
}

export interface RetireTemplateResult {
  readonly runId: string
  /** The versions that are now as they were asked to be. */
  readonly versions: readonly number[]
  /** Those that are revoked and not removed, because theirs is needed, or not ours to delete. */
  readonly kept: readonly number[]
  /** Sentences for people. */
  readonly warnings: readonly string[]
}

const input = z.strictObject({
  template: schemas.name,
  versions: z.union([z.array(z.int().min(1)).min(1), z.literal('unused')]),
  to: z.enum(['deprecated', 'revoked', 'removed']),
})

const ONE_BY_ONE: readonly Wave[] = [{ groups: 1 }]

const versionInput = z.object({ version: z.number() })

/**
 * Retires versions of a template: as deprecated, as revoked, or for good with their images (manual 6.2.3 (1), the old
 * template is deleted).
 *
 * Numbers are never used again. A version is revoked before its image is deleted, so that nobody plans with it. An image
 * that the hypervisor needs, for a machine or as the parent of another image, or that a person registered, is kept, with a warning.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_WRONG_STATE` for a version that servers need, for the last active
 * one while tiers use the template, or for one that is removed already.
 * @example
 * ```ts
 * await manager.execute(retireTemplate, { template: 'web-base', versions: 'unused', to: 'removed' })
 * ```
 */
export const retireTemplate: Operation<RetireTemplateInput, RetireTemplateResult> = defineOperation({
  name: 'retireTemplate',
  version: 1,
  input,
  scope: ({ template }) => ({ template }),
  kinds: [retireVersion, removeVersion],
  plan(request, world) {
    const template = templateOf(world, request.template)
    // Descendants first: while one is there its parent is needed.
    const versions = retirable(world, template, request).toReversed()
    const procedures = versions.map((version) => procedureOf(template, version, request.to))
    return {
      claims: [`template/${template.name}`],
      servers: [],
      phases: rolling('retire', procedures, ONE_BY_ONE),
      notes: request.to === 'removed' && versions.length > 0 ? ['there is no way back'] : [],
      warnings: versions.length === 0 ? [`${template.name} has no version to retire`] : [],
    }
  },
  result(plan, { runId, warnings, outputOf }) {
    const steps = plan.phases.flatMap(({ changes }) => changes.flatMap((change) => stepsOf(plan, change).slice(-1)))
    const results = steps.map(({ id, input: planned }) => {
      const done = z.object({ removed: z.boolean().optional() }).parse(outputOf(id))
      return { ...versionInput.parse(planned), isKept: done.removed === false }
    })
    const numbers = (isKept: boolean): readonly number[] =>
      results.filter((one) => one.isKept === isKept).map(({ version }) => version)
    const kept = numbers(true)
    return {
      runId,
      versions: numbers(false),
      kept,
      warnings: [
        ...warnings,
        ...kept.map((number) => `the image of version ${number} was kept: it is needed, or not ours to delete`),
      ],
    }
  },
})

function procedureOf(template: Template, version: TemplateVersion, to: RetiredState): GroupProcedure {
  const { number, image, state } = version
  const name = `${template.name}:${number}`
  const about = { template: template.name, version: number }
  const retire = (mark: 'deprecated' | 'revoked'): StepDraft =>
    draft(retireVersion, { id: `${name}/${mark}`, input: { ...about, to: mark } })
  const remove = draft(removeVersion, {
    id: `${name}/remove`,
    input: { ...about, hypervisor: template.hypervisor, image },
    final: true,
  })
  return {
    change: { group: name, action: 'retire', reason: `${name} is ${state} → ${to}`, disturbs: false, expects: [] },
    stages: [{ name: 'retire', lanes: [to === 'removed' ? [retire('revoked'), remove] : [retire(to)]] }],
    back: [],
  }
}

function templateOf(world: World, name: string): Template {
  const template = world.templates.get(name)
  if (template !== undefined) return template
  throw new VmunitError('ERR_NOT_FOUND', `There is no template ${name}.`, {
    details: { template: name, known: [...world.templates.keys()].slice(0, 20) },
  })
}
