import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'
import type { Wave } from '../../domain/plan.ts'
import type { Share } from '../../domain/share.ts'
import { isUsable, type TemplateRef, type TemplateVersion } from '../../domain/template.ts'
import { noAddressPool } from '../../engine/no-address-pool.ts'
import { VmunitError } from '../../errors/index.ts'
import { nameSome } from '../../internal/name-some.ts'
import type { Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { expectUsable } from '../roll/expect.ts'
import { groupsInput, surgingWavesInput } from '../roll/input.ts'
import { groupsOf, membersOf, unitOf } from '../roll/members-of.ts'
import { planRoll } from '../roll/plan-roll.ts'
import { QUARANTINE_KINDS, quarantineInput, quarantineNotes } from '../roll/quarantine.ts'
import type { QuarantineOptions } from '../roll/quarantine-options.ts'
import { replaceGroup, replacing } from '../roll/replace.ts'
import { replaceBeside } from '../roll/replace-beside.ts'
import { EVERYTHING, rolling, wayBack, wholeUnit } from '../roll/stage.ts'
import * as steps from '../steps/index.ts'

export interface ApplyTemplateInput {
  readonly unit: string
  /** The version to bring to the servers. */
  readonly template: TemplateRef
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
  /** How many groups at once, one after another by default. Not together with `whole`. */
  readonly waves?: readonly Wave[] | undefined
  /** How many groups may fail in all waves together; each wave has a limit of its own beside it. */
  readonly maxFailures?: Share | undefined
  /** Stop everything, replace everything, start everything (manual 6.2.3 (2)(b), thirteen steps). */
  readonly whole?: boolean | undefined
  /** When the old machines are removed. Default `afterHealth`; `first` is the manual's order and has no way back. */
  readonly returnOld?: 'afterHealth' | 'first' | undefined
  /**
   * `tier`, the default: only servers that are not on the version yet; `group`: all servers of a group that has one, those
   * of other templates from their own current version.
   */
  readonly replace?: 'tier' | 'group' | undefined
  /** What is kept of machines that fail, and within which budget. */
  readonly quarantine?: QuarantineOptions | undefined
  /**
   * `keep`, the default: new machines have the addresses of the old ones. `pool`, together with `surge` in all waves:
   * they come up beside the old ones with addresses of `ManagerOptions.addresses`, and replace whole groups.
   */
  readonly addresses?: 'keep' | 'pool' | undefined
  /** Permits a plan that takes the last available group of a tier. */
  readonly allowOutage?: boolean | undefined
}

const input = z
  .strictObject({
    ...groupsInput,
    template: schemas.templateRef,
    waves: surgingWavesInput.optional(),
    maxFailures: schemas.share.optional(),
    whole: z.boolean().optional(),
    returnOld: z.enum(['afterHealth', 'first']).optional(),
    replace: z.enum(['tier', 'group']).optional(),
    quarantine: quarantineInput.optional(),
    addresses: z.enum(['keep', 'pool']).optional(),
    allowOutage: z.boolean().optional(),
  })
  .refine(({ waves, whole }) => !(whole === true && waves !== undefined), {
    message: 'cannot be combined with whole: the whole unit is one wave',
    path: ['waves'],
  })
  .refine(({ waves = [] }) => waves.every(isBeside) || !waves.some(isBeside), {
    message: 'have surge all of them, or none: a group is replaced beside its machines, or in their place',
    path: ['waves'],
  })
  .refine(({ waves = [], addresses }) => addresses !== 'pool' || waves.some(isBeside), {
    message: '"pool" is for waves with surge: in their place new machines keep the addresses',
    path: ['addresses'],
  })
  .refine(
    ({ waves = [], returnOld, replace }) => !waves.some(isBeside) || (returnOld !== 'first' && replace !== 'tier'),
    {
      message:
        'with surge are whole groups, whose old machines are removed when the new ones serve: leave out returnOld and replace',
      path: ['waves'],
    },
  )

function isBeside({ surge }: Wave): boolean {
  return surge !== undefined
}

const ONE_BY_ONE: readonly Wave[] = [{ groups: 1 }]

/**
 * Brings a version of a template to the servers of a unit: group by group while the service goes on, or the whole unit
 * at once.
 *
 * Each group is taken out of the balancer and stopped, its old machines are switched off, new ones are made from the
 * version, get the definition, start in tier order and go back into the balancer; then the old ones are removed. When
 * something fails, the groups in work go back to their old machines, and the new ones are kept, switched off, for
 * inspection. Servers that are on the version already are reported as unchanged and not touched.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` for an unknown unit, group or version; `ERR_WOULD_INTERRUPT` when a tier
 * would lose its last available group; `ERR_NOT_ADOPTED` or `ERR_NOT_OWNED` for servers whose machines are not ours.
 * @example
 * ```ts
 * const plan = await manager.plan(applyTemplate, {
 *   unit: 'gyoumu_a',
 *   template: { template: 'web-base', version: 2 },
 *   waves: [{ groups: 1, soakMs: 60_000 }, { groups: '25%' }],
 * })
 * ```
 */
export const applyTemplate: Operation<ApplyTemplateInput, FleetResult> = defineOperation({
  name: 'applyTemplate',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [
    steps.awaitGuest,
    steps.awaitHealth,
    steps.bindServer,
    steps.blockServer,
    steps.createMachine,
    steps.forgetBeside,
    steps.leavePool,
    steps.powerMachine,
    steps.pushDefinition,
    steps.releaseAddress,
    steps.removeMachine,
    steps.reserveAddress,
    steps.runJob,
    steps.switchServer,
    steps.unblockServer,
    ...QUARANTINE_KINDS,
  ],
  plan(request, world) {
    const unit = unitOf(world, request.unit)
    const groups = groupsOf(unit, request.groups)
    const version = usableVersion(world, request.template)
    const { replace = 'tier', returnOld = 'afterHealth', whole = false, allowOutage = false, quarantine } = request
    const isSurging = request.waves?.some(isBeside) === true
    if (isSurging) checkAddresses(world, request)
    const replacement = replacing(world, { version, replace, returnOld, quarantine })
    const planned = groups.map((group) => {
      const visited = { group, members: membersOf(world, unit, group) }
      const replaced = isSurging
        ? replaceBeside(world, visited, { version, quarantine })
        : replaceGroup(world, visited, replacement)
      const { procedure } = replaced
      if (procedure === undefined) return { group, ...replaced }
      const expects = [...procedure.change.expects, expectUsable(unit, group.name, version)]
      return { group, ...replaced, procedure: { ...procedure, change: { ...procedure.change, expects } } }
    })
    const waves = whole ? EVERYTHING : (request.waves ?? ONE_BY_ONE)
    const { procedures, draft } = planRoll({
      world,
      unit,
      planned,
      waves,
      allowOutage,
      maxFailures: request.maxFailures,
    })
    return {
      ...draft,
      phases: whole ? wholeUnit(procedures) : rolling('roll', procedures, waves),
      back: wayBack(procedures, whole ? 'whole' : 'rolling'),
      notes: [
        ...draft.notes,
        ...(returnOld === 'first' ? [] : quarantineNotes(quarantine)),
        ...(returnOld === 'first' ? ['the old machines are removed first: there is no way back'] : []),
        ...(isSurging ? ['replaced servers get other addresses, of the address pool'] : []),
      ],
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})

/** Beside a machine that serves, another one needs addresses of its own. */
function checkAddresses(world: World, { addresses = 'keep' }: ApplyTemplateInput): void {
  if (addresses === 'keep') {
    throw new VmunitError(
      'ERR_UNSUPPORTED',
      'A machine beside another one cannot have its addresses, and none is given other ones later. Pass addresses: "pool", or leave surge out.',
      { details: { addresses } },
    )
  }
  if (world.hasAddressPool !== true) throw noAddressPool()
}

/** The version of that name, when servers may be made from it. */
export function usableVersion(world: World, { template, version }: TemplateRef): TemplateVersion {
  const known = world.templates.get(template)
  if (known === undefined) {
    throw new VmunitError('ERR_NOT_FOUND', `There is no template ${template}. Register it first.`, {
      details: { template, known: [...world.templates.keys()].slice(0, 20) },
    })
  }
  const found = known.versions.find(({ number }) => number === version)
  if (found === undefined) {
    throw new VmunitError(
      'ERR_NOT_FOUND',
      `Template ${template} has no version ${version}. It has ${nameSome(known.versions.map(({ number }) => number))}.`,
      {
        details: { template, version, known: known.versions.map(({ number }) => number) },
      },
    )
  }
  if (!isUsable(found)) {
    throw new VmunitError(
      'ERR_WRONG_STATE',
      `Version ${version} of ${template} is ${found.state}; nothing is made from it.`,
      {
        details: { template, version, state: found.state },
      },
    )
  }
  return found
}
