import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'
import type { TemplateRef } from '../../domain/template.ts'
import type { Argv } from '../../domain/tier.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import type { MachineRef } from '../roll/member.ts'
import { draft, EVERYTHING, type GroupProcedure, outputOf, rolling, type StepDraft, wayBack } from '../roll/stage.ts'
import * as steps from '../steps/index.ts'
import { workLane, workSlot } from '../work-machine/work-lane.ts'

export interface CreateTemplateInput {
  /** The name of the new template. */
  readonly template: string
  /** A key of `ManagerOptions.hypervisors`. */
  readonly hypervisor: string
  /** The platform's id of an image, which stays, or of a machine without marker, which becomes the template. */
  readonly from: { readonly image: string } | { readonly machine: string }
  /** What installs and sets up: run one after another in the guest, each as a job. */
  readonly commands?: readonly Argv[] | undefined
  readonly note?: string | undefined
  /** The networks of a machine that is made from an image; its address comes from there. Default: `management`. */
  readonly networks?: readonly string[] | undefined
  /** Limit of each command. Default 3,600,000. */
  readonly timeoutMs?: number | undefined
}

export interface CreateTemplateResult {
  readonly runId: string
  readonly version: TemplateRef
}

const input = z.strictObject({
  template: schemas.name,
  hypervisor: z.string().min(1),
  from: z.union([z.strictObject({ image: z.string().min(1) }), z.strictObject({ machine: z.string().min(1) })]),
  commands: z.array(schemas.argv).optional(),
  note: z.string().max(1024).optional(),
  networks: z.array(z.string().min(1)).min(1).optional(),
  timeoutMs: schemas.milliseconds.optional(),
})

/**
 * Makes a template (manual 5.2.1): a machine from an image, or one that exists; installation and initial settings as
 * jobs in it; shut down, published, and registered as version 1.
 *
 * When something fails no template appears: a machine that was made is removed, one that existed loses our marker and
 * stays as it is then.
 *
 * @throws {@link VmunitError} `ERR_ALREADY_EXISTS`; `ERR_NOT_CONFIGURED` for an unknown hypervisor.
 * @example
 * ```ts
 * await manager.execute(createTemplate, {
 *   template: 'web-base',
 *   hypervisor: 'main',
 *   from: { image: 'vm-41' },
 *   commands: [['dnf', '-y', 'install', 'httpd']],
 * })
 * ```
 */
export const createTemplate: Operation<CreateTemplateInput, CreateTemplateResult> = defineOperation({
  name: 'createTemplate',
  version: 1,
  input,
  scope: ({ template }) => ({ template }),
  kinds: [
    steps.adoptMachine,
    steps.awaitAddress,
    steps.awaitGuest,
    steps.createMachine,
    steps.powerMachine,
    steps.publishImage,
    steps.releaseMachine,
    steps.removeMachine,
    steps.runJob,
  ],
  plan(request, world) {
    checkNew(world, request)
    const procedure = procedureOf(request)
    return {
      claims: [`template/${request.template}`],
      servers: [],
      phases: rolling('create', [procedure], EVERYTHING),
      back: wayBack([procedure], 'rolling'),
      attempts: 'image' in request.from ? 2 : 1,
    }
  },
  result: ({ input: given }, { runId }) => ({
    runId,
    version: { template: input.parse(given).template, version: 1 },
  }),
})

function procedureOf(request: CreateTemplateInput): GroupProcedure {
  const { template, hypervisor, from, commands = [], note = '', timeoutMs = 3_600_000 } = request
  const made = { template, hypervisor, version: 1 }
  const { first, undo, machine } = 'image' in from ? madeFrom(request, from.image) : takenFrom(request, from.machine)
  const lane = [first, ...workLane({ ...made, machine, commands, timeoutMs, note, previous: 'keep' })]
  const about = { unit: '', server: workSlot(made).slot, about: template }
  return {
    change: {
      group: template,
      action: 'define',
      reason: `${template} 1`,
      disturbs: false,
      expects: [{ ...about, fact: 'newestVersion', value: null }],
    },
    stages: [{ name: 'create', lanes: [lane] }],
    back: [{ name: 'discard', lanes: [[undo]] }],
  }
}

interface Source {
  readonly first: StepDraft
  readonly undo: StepDraft
  readonly machine: MachineRef
}

function madeFrom({ template, hypervisor, networks = ['management'] }: CreateTemplateInput, image: string): Source {
  const id = `${template}/create@${image}`
  const work = workSlot({ template, hypervisor, version: 1 })
  const machine = { machine: outputOf(id, 'machine'), id: outputOf(id, 'id') }
  return {
    machine,
    first: draft(steps.createMachine, {
      id,
      input: { ...work, image, networks: networks.map((name) => ({ name })) },
    }),
    undo: draft(steps.removeMachine, { id: `${template}/discard`, input: { ...work, machine: machine.machine } }),
  }
}

function takenFrom({ template, hypervisor }: CreateTemplateInput, machine: string): Source {
  const id = `${template}/adopt`
  const work = workSlot({ template, hypervisor, version: 1 })
  const adopted = { machine: outputOf(id, 'machine'), id: machine }
  return {
    machine: adopted,
    first: draft(steps.adoptMachine, { id, input: { ...work, id: machine } }),
    undo: draft(steps.releaseMachine, { id: `${template}/release`, input: { ...work, machine: adopted.machine } }),
  }
}

function checkNew(world: World, { template, hypervisor }: CreateTemplateInput): void {
  if (world.templates.has(template)) {
    throw new VmunitError(
      'ERR_ALREADY_EXISTS',
      `There is a template ${template} already. Patch it with patchTemplate, or choose another name.`,
      { details: { template } },
    )
  }
  if (!world.hypervisors.has(hypervisor)) {
    throw new VmunitError('ERR_NOT_CONFIGURED', `createManager was not given a hypervisor ${hypervisor}.`, {
      details: { hypervisor, known: [...world.hypervisors] },
    })
  }
}
