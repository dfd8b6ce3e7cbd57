import type { Plan, PlannedStep } from '../../domain/plan.ts'
import { stepsOfKinds } from '../../domain/planned-steps.ts'
import type { RunEvent } from '../../domain/run-record.ts'
import { QUARANTINE_KIND } from '../../engine/failed-machines.ts'
import { groupOfChange } from '../../engine/progress.ts'
import type { Notice } from '../../ports/index.ts'

/** The run that a record belongs to. */
export interface NoticedRun {
  readonly id: string
  readonly plan: Plan
  /** The steps that people hear of: see {@link noticedSteps}. */
  readonly steps: ReadonlyMap<string, PlannedStep>
}

const ASKING = 'person.answer'
const NOTICED: ReadonlySet<string> = new Set([ASKING, QUARANTINE_KIND])

/** The steps of a plan that people hear of, by id; of a large plan these are few. */
export function noticedSteps(plan: Plan): ReadonlyMap<string, PlannedStep> {
  const changes = [...plan.phases, ...plan.back].flatMap((phase) => phase.changes)
  const steps = changes.flatMap(stepsOfKinds(plan, NOTICED))
  return new Map(steps.map((step) => [step.id, step]))
}

type Said = Pick<Notice, 'topic' | 'severity' | 'subject' | 'text'> & Pick<Partial<Notice>, 'server' | 'request'>

/** What a journal record means for people; undefined when it is only progress. */
export function noticeOf(run: NoticedRun, event: RunEvent): Notice | undefined {
  const said = say(run, event)
  return said === undefined ? undefined : { id: `${run.id}#${event.seq}`, time: event.time, run: run.id, ...said }
}

function say(run: NoticedRun, event: RunEvent): Said | undefined {
  const what = titleOf(run.plan)
  switch (event.type) {
    case 'run.succeeded':
      return { topic: 'run', severity: 'info', subject: `${what} succeeded`, text: `Run ${run.id} has ended well.` }
    case 'run.failed':
      return { topic: 'run', severity: 'error', subject: `${what} failed`, text: event.data.error.message }
    case 'run.cancelled': {
      const { reason, by, halfDone } = event.data
      const left = halfDone.length === 0 ? '' : ` Left half done: ${halfDone.join(', ')}.`
      return {
        topic: 'run',
        severity: 'warning',
        subject: `${what} was cancelled`,
        text: `By ${by}: ${reason}.${left}`,
      }
    }
    case 'run.returning':
      return { topic: 'fault', severity: 'warning', subject: `${what} goes back`, text: event.data.reason }
    case 'change.failed': {
      const { change, error } = event.data
      const group = groupOfChange(change)
      const { server } = error.details
      return {
        topic: 'fault',
        severity: 'error',
        subject: `${group} failed in ${what}`,
        text: error.message,
        ...(typeof server === 'string' && { server }),
      }
    }
    case 'gate.asked':
      return {
        topic: 'request',
        severity: 'info',
        subject: `Approval asked: ${what}`,
        text: `${gateText(run.plan, event.data.gate) ?? `Start ${what}`}\nPlan: ${run.plan.hash}\n${howTo(event.data.request)}`,
        request: event.data.request,
      }
    case 'step.began':
      return asked(run, event.data)
    case 'step.done':
      return keptMachine(run, event.data.step)
    default:
      return undefined
  }
}

/** A step that asks people has an input that says what. */
function asked(
  run: NoticedRun,
  { step, attempt }: { readonly step: string; readonly attempt: number },
): Said | undefined {
  const planned = run.steps.get(step)
  if (planned?.kind.name !== ASKING) return undefined
  const { text, from, until } = planned.input as {
    readonly text: string
    readonly from?: number
    readonly until?: number
  }
  const request = `${run.id}/${step}#${attempt}`
  const dates = [
    ...(from === undefined ? [] : [`From:  ${new Date(from).toISOString()}`]),
    ...(until === undefined ? [] : [`Until: ${new Date(until).toISOString()}`]),
  ]
  return {
    topic: 'request',
    severity: 'info',
    subject: `Asked: ${text.split('\n')[0]}`,
    text: [text, ...dates, howTo(request)].join('\n'),
    ...(planned.server !== undefined && { server: planned.server }),
    request,
  }
}

function keptMachine(run: NoticedRun, step: string): Said | undefined {
  const planned = run.steps.get(step)
  if (planned?.kind.name !== QUARANTINE_KIND) return undefined
  const server = planned.server ?? step
  return {
    topic: 'fault',
    severity: 'warning',
    subject: `A machine of ${server} is in quarantine`,
    text: `It is switched off and kept for inspection, by run ${run.id}. The outcome of the server names what was collected of it.`,
    server,
  }
}

function howTo(request: string): string {
  return `Answer with manager.answer('${request}', …).`
}

function titleOf({ operation, unit, claims }: Plan): string {
  return `${operation.name} on ${unit ?? claims.join(', ')}`
}

/** The text of the gate in front of a wave, when the plan gives one: `wave:0:1`. */
function gateText({ phases }: Plan, gate: string): string | undefined {
  const [, phase, wave] = gate.split(':')
  const found = phases[Number(phase)]?.waves[Number(wave)]?.gate
  return found?.kind === 'approval' ? found.text : undefined
}
