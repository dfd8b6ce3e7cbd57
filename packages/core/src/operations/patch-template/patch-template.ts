import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'
import { currentVersion, type TemplateRef, type TemplateVersion } from '../../domain/template.ts'
import type { Argv } from '../../domain/tier.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { draft, EVERYTHING, type GroupProcedure, outputOf, rolling, wayBack } from '../roll/stage.ts'
import * as steps from '../steps/index.ts'
import { publishId, workLane, workSlot } from '../work-machine/work-lane.ts'

export interface PatchTemplateInput {
  readonly template: string
  /** What installs the patches: run one after another in the guest of a work machine, each as a job. */
  readonly commands: readonly Argv[]
  /** What the version's record says about it. */
  readonly note?: string | undefined
  /** The networks of the work machine; its address comes from there. Default: one network, `management`. */
  readonly networks?: readonly string[] | undefined
  /** Limit of each command. Default 3,600,000. */
  readonly timeoutMs?: number | undefined
  /** What becomes of the version before: `deprecate`, the default, keeps it for the way back. */
  readonly previous?: 'keep' | 'deprecate' | undefined
}

export interface PatchTemplateResult {
  readonly runId: string
  /** The version that was made. */
  readonly version: TemplateRef
  readonly previous: TemplateRef
}

const input = z.strictObject({
  template: schemas.name,
  commands: z.array(schemas.argv).min(1),
  note: z.string().max(1024).optional(),
  networks: z.array(z.string().min(1)).min(1).optional(),
  timeoutMs: schemas.milliseconds.optional(),
  previous: z.enum(['keep', 'deprecate']).optional(),
})

/**
 * Patches a template (manual 6.2.3 (1)): makes a work machine from its current version, runs the commands in it, shuts
 * it down and publishes it as the next version, whose parent is the current one.
 *
 * No server is touched, and no half version is ever visible. When a command fails the work machine is removed; when a
 * job ends without an exit code, because the work machine died under it, the whole is begun anew once.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` for an unknown template; `ERR_CLAIMED` while another run patches it.
 * @example
 * ```ts
 * const { version } = await manager.execute(patchTemplate, {
 *   template: 'web-base',
 *   commands: [['dnf', '-y', 'upgrade', '--security']],
 * })
 * ```
 */
export const patchTemplate: Operation<PatchTemplateInput, PatchTemplateResult> = defineOperation({
  name: 'patchTemplate',
  version: 1,
  input,
  scope: ({ template }) => ({ template }),
  kinds: [
    steps.awaitAddress,
    steps.awaitGuest,
    steps.createMachine,
    steps.powerMachine,
    steps.publishImage,
    steps.removeMachine,
    steps.runJob,
  ],
  plan(request, world) {
    const { hypervisor, current, next } = versionsOf(world, request.template)
    const procedure = procedureOf(request, { hypervisor, current, next })
    return {
      claims: [`template/${request.template}`],
      servers: [],
      phases: rolling('patch', [procedure], EVERYTHING),
      back: wayBack([procedure], 'rolling'),
      attempts: 2,
    }
  },
  result: ({ input: given }, { runId, outputOf: output }) => {
    const { template } = input.parse(given)
    const published = z.object({ version: z.number(), parent: z.number() }).parse(output(publishId(template)))
    return {
      runId,
      version: { template, version: published.version },
      previous: { template, version: published.parent },
    }
  },
})

interface Versions {
  readonly hypervisor: string
  readonly current: TemplateVersion
  readonly next: number
}

function versionsOf(world: World, name: string): Versions {
  const template = world.templates.get(name)
  const current = template === undefined ? undefined : currentVersion(template)
  if (template === undefined || current === undefined) {
    throw new VmunitError('ERR_NOT_FOUND', `There is no template ${name} with an active version. Register it first.`, {
      details: { template: name, known: [...world.templates.keys()].slice(0, 20) },
    })
  }
  return {
    hypervisor: template.hypervisor,
    current,
    next: Math.max(...template.versions.map(({ number }) => number)) + 1,
  }
}

function procedureOf(request: PatchTemplateInput, { hypervisor, current, next }: Versions): GroupProcedure {
  const { template, commands, note = '', previous = 'deprecate', timeoutMs = 3_600_000 } = request
  const networks = request.networks ?? ['management']
  const createId = `${template}/create@${template}:${current.number}`
  const machine = { machine: outputOf(createId, 'machine'), id: outputOf(createId, 'id') }
  const made = { template, hypervisor, version: next }
  const work = workSlot(made)
  const create = draft(steps.createMachine, {
    id: createId,
    input: { ...work, image: current.image, networks: networks.map((name) => ({ name })) },
  })
  const lane = [create, ...workLane({ ...made, machine, commands, timeoutMs, note, parent: current.number, previous })]
  const discard = draft(steps.removeMachine, {
    id: `${template}/discard`,
    input: { ...work, machine: machine.machine },
  })
  return {
    change: {
      group: template,
      action: 'patch',
      reason: `${template} ${current.number} → ${next}`,
      disturbs: false,
      expects: [{ unit: '', server: work.slot, fact: 'newestVersion', about: template, value: next - 1 }],
    },
    stages: [{ name: 'patch', lanes: [lane] }],
    back: [{ name: 'discard', lanes: [[discard]] }],
  }
}
