import type { Beside, ServerGroup } from '../domain/management-unit.ts'
import type { PlannedServer, PlannedStep } from '../domain/plan.ts'
import { stepsOf } from '../domain/planned-steps.ts'
import type { ChangeKey, RunEvent } from '../domain/run-record.ts'
import { hasEnded } from '../domain/run-state.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { groupOfChange, type Progress } from '../engine/progress.ts'
import { ERROR_CODES, VmunitError } from '../errors/index.ts'
import type { RunStatus } from '../ports/index.ts'

/** Why a server is where it is, as far as one run has to do with it. */
export interface Explanation {
  readonly run: string
  readonly server: string
  readonly address: string
  /** In the order in which a person wants to know: plan, what was done, what went wrong, where its machines are, what next. */
  readonly sentences: readonly string[]
}

export interface ExplainSources {
  /** The journal of the run, whole; empty when it was compacted. */
  readonly events: readonly RunEvent[]
  readonly progress: Progress
  readonly status: RunStatus
  /** The record of the server's group, when there is one. */
  readonly group: ServerGroup | undefined
}

/**
 * Tells from a journal why a server is where it is: a pure function.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` when the plan of the run does not name the server.
 */
export function explainServer(server: string, sources: ExplainSources): Explanation {
  const { progress } = sources
  const planned = progress.plan.servers.find((one) => one.server === server)
  if (planned === undefined) {
    throw new VmunitError('ERR_NOT_FOUND', `The plan of run ${progress.runId} does not name server ${server}.`, {
      details: { run: progress.runId, server, servers: progress.plan.servers.map((one) => one.server) },
    })
  }
  const steps = stepsAbout(progress, server)
  return {
    run: progress.runId,
    server,
    address: planned.address,
    sentences: [
      sayPlan(planned, progress),
      ...sayHistory(sources, { planned, steps }),
      ...sayPresent(sources, { planned, steps }),
      ...sayMachines(server, sources.group),
      sayNext(sources, planned),
    ],
  }
}

interface Subject {
  readonly planned: PlannedServer
  readonly steps: ReadonlyMap<string, PlannedStep>
}

function stepsAbout({ plan }: Progress, server: string): ReadonlyMap<string, PlannedStep> {
  const changes = [...plan.phases, ...plan.back].flatMap((phase) => phase.changes)
  // Shared steps are about the group of their change, and there may be very many.
  const near = changes.filter(({ group, steps }) => !('procedure' in steps) || group === groupOfSlot(server))
  const own = near.flatMap((change) => stepsOf(plan, change).filter((step) => step.server === server))
  return new Map(own.map((step) => [step.id, step]))
}

function sayPlan({ server, address, action, reason }: PlannedServer, { plan, runId }: Progress): string {
  const what = action === 'none' ? 'leaves it as it is' : `is to ${action} it`
  return `Run ${runId} (${plan.operation.name}) ${what}: ${server} at ${address}, because: ${reason}.`
}

function sayHistory({ events }: ExplainSources, { planned, steps }: Subject): readonly string[] {
  if (events.length === 0) return ['What was done when is not kept any more: the run was compacted.']
  const group = groupOfSlot(planned.server)
  return events.flatMap((event) => {
    const said = sayEvent(event, { group, steps })
    return said === undefined ? [] : [`${new Date(event.time).toISOString()}: ${said}.`]
  })
}

interface Told {
  readonly group: string
  readonly steps: ReadonlyMap<string, PlannedStep>
}

/** What a record means for the server; undefined when it does not concern it. */
function sayEvent(event: RunEvent, { group, steps }: Told): string | undefined {
  switch (event.type) {
    case 'run.returning':
      return `the run goes back, because ${withoutPeriod(event.data.reason)}`
    case 'change.began':
      return isOf(event.data.change, group) ? `its group ${group} began ${directionOf(event.data.change)}` : undefined
    case 'change.done':
      return isOf(event.data.change, group)
        ? `its group ${group} has finished ${directionOf(event.data.change)}`
        : undefined
    case 'change.failed':
      return isOf(event.data.change, group) ? `its group ${group} failed: ${sayError(event.data.error)}` : undefined
    case 'group.renewed':
      return event.data.group === group ? `its group ${group} begins anew, attempt ${event.data.attempt}` : undefined
    case 'step.retried':
      return steps.has(event.data.step)
        ? `${event.data.step} met an error that may pass: ${sayError(event.data.error)}`
        : undefined
    case 'step.done':
      return steps.has(event.data.step) ? `${event.data.step} is done${sayOutput(event.data.output)}` : undefined
    case 'step.failed':
      return steps.has(event.data.step) ? `${event.data.step} failed: ${sayError(event.data.error)}` : undefined
    case 'step.skipped':
      return steps.has(event.data.step) ? `${event.data.step} was left out, there was nothing to undo` : undefined
    default:
      return undefined
  }
}

function isOf(change: ChangeKey, group: string): boolean {
  return groupOfChange(change) === group
}

function directionOf(change: ChangeKey): string {
  return change.startsWith('back:') ? 'the way back' : 'its change'
}

function sayError({ code, message }: { readonly code: string; readonly message: string }): string {
  return `${withoutPeriod(message)} (${code})`
}

function withoutPeriod(text: string): string {
  return text.replace(/\.$/, '')
}

/** The machine or image that came out of a step is worth a word; other outputs are not. */
function sayOutput(output: unknown): string {
  if (typeof output !== 'object' || output === null) return ''
  if ('id' in output && typeof output.id === 'string') return `, with machine ${output.id}`
  return 'image' in output && typeof output.image === 'string' ? `, with image ${output.image}` : ''
}

function sayPresent({ progress, status }: ExplainSources, { planned, steps }: Subject): readonly string[] {
  if (hasEnded(progress.state)) return []
  const inFlight = [...steps.keys()].filter((id) => progress.steps.get(id)?.state === 'began')
  const group = groupOfSlot(planned.server)
  const sentences = inFlight.map((id) => {
    const wait = progress.waits.get(id)
    const still =
      status.owner === undefined ? 'had begun and not ended when its process left' : 'has begun and not ended'
    return `${id} ${still}${wait === undefined ? '' : `; it waits for ${withoutPeriod(wait.for)}`}.`
  })
  const changes = [...progress.changes].filter(([key]) => isOf(key, group))
  for (const [key] of changes) {
    const wait = progress.waits.get(key)
    if (wait !== undefined) sentences.push(`Its group waits for ${withoutPeriod(wait.for)}.`)
  }
  if (planned.action !== 'none' && changes.length === 0) sentences.push(sayNotBegun(progress, group))
  return sentences
}

/** A group that has not begun waits for those before it. */
function sayNotBegun({ changes }: Progress, group: string): string {
  const inWork = [...changes].flatMap(([key, { state }]) => (state === 'began' ? [groupOfChange(key)] : []))
  const before =
    inWork.length === 0 ? '' : `: ${[...new Set(inWork)].join(', ')} ${inWork.length === 1 ? 'is' : 'are'} in work`
  return `Its group ${group} has not begun${before}.`
}

function sayMachines(slot: string, group: ServerGroup | undefined): readonly string[] {
  const server = group?.servers.find((one) => one.slot === slot)
  if (server === undefined) return ['The server is not attached now.']
  const { machine, templateVersion, status, traffic, beside } = server
  const version = templateVersion === undefined ? '' : `, version ${templateVersion} of its template`
  const gets = traffic === 'in' ? 'gets traffic' : traffic === 'out' ? 'gets no traffic' : 'has no place in a pool'
  const bound = machine === undefined ? 'bound to no machine' : `bound to machine ${machine.id}${version}`
  const kept = (group?.quarantine ?? []).filter((one) => one.slot === slot)
  return [
    `The server is ${bound}; it is ${status} and ${gets}.`,
    ...(beside === undefined ? [] : [sayBeside(beside)]),
    ...kept.map(
      ({ machine: { id }, reason, diagnostics }) =>
        `Machine ${id} is in quarantine (${reason}): it is off and kept for inspection.` +
        (diagnostics === undefined ? '' : ` What was collected of it is archive ${diagnostics}.`),
    ),
  ]
}

/** What stands beside a server belongs to a run that works on it, or to one that was stopped while it did. */
function sayBeside({ runId, member, machines, addresses }: Beside): string {
  const ids = machines.map(({ id }) => id ?? 'that is being made')
  const which = ids.length === 0 ? 'No machine' : `Machine ${ids.join(' and ')}`
  const where = addresses.flatMap(({ address }) => address ?? [])
  const at = where.length === 0 ? '' : ` at ${where.join(' and ')}`
  const role = member === undefined ? '' : ` for ${member} in its pool,`
  return `${which}${at} stands beside it,${role} brought there by run ${runId}. If that run has ended, endQuarantine or the next replacement takes it away.`
}

function sayNext({ progress, status }: ExplainSources, { server, action }: PlannedServer): string {
  const { runId, error } = progress
  switch (status.state) {
    case 'running':
      return status.waitingFor === undefined
        ? `Nothing is to be done: ${status.owner ?? 'a process'} moves the run.`
        : `Nothing is to be done yet: ${status.owner ?? 'a process'} moves the run, which waits for ${withoutPeriod(status.waitingFor)}.`
    case 'waiting':
      return status.request === undefined
        ? `The run waits for ${withoutPeriod(status.waitingFor ?? 'its time')} and then goes on.`
        : `The run waits for ${withoutPeriod(status.waitingFor ?? 'an answer')}: answer request ${status.request}.`
    case 'paused':
    case 'interrupted':
      return `The run is ${status.state}: continue it with manager.resume('${runId}'), or end it with cancel.`
    case 'succeeded':
      return 'Nothing is to be done: the run has ended well.'
    case 'cancelled':
      return progress.halfDone.includes(server)
        ? `The run was cancelled (${withoutPeriod(error?.message ?? '')}) and left this server half done: plan again for its group.`
        : `The run was cancelled (${withoutPeriod(error?.message ?? '')}) and left nothing half done here.`
    case 'failed':
      return action === 'none'
        ? 'The run has failed, but changed nothing here.'
        : `The run has failed. ${remedyFor(progress, server)}`
  }
}

/** What to do about the error of its group, or about the one that ended the run before the group's turn. */
function remedyFor({ changes }: Progress, server: string): string {
  const failures = [...changes].flatMap(([key, change]) =>
    change.state === 'failed' ? [{ key, error: change.error }] : [],
  )
  const own = failures.find(({ key }) => isOf(key, groupOfSlot(server)))
  const [first] = failures
  if (own !== undefined) return ERROR_CODES[own.error.code].remedy
  if (first === undefined) return 'Plan again.'
  return `Its own group did not fail; see to ${groupOfChange(first.key)}, then plan again.`
}
