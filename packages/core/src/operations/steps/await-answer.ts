import * as z from 'zod'
import type { Plain } from '../../domain/plain.ts'
import type { Answer, RequestKind } from '../../domain/request.ts'
import { keys, plain, type RequestDocument, requestParser } from '../../engine/documents.ts'
import { VmunitError } from '../../errors/index.ts'
import type { DocumentUpdate, RecordContext, StepContext, StepKind } from '../../ports/index.ts'
import { type Marks, markServer } from './marks.ts'
import { marks } from './schemas.ts'

export interface AwaitAnswerInput {
  /** What is asked, as a sentence for the person who answers. */
  readonly text: string
  /** `work`: somebody is to do something and say so. Who asked may answer `work` and `resources`, never `approval`. */
  readonly ask: RequestKind
  /** The same as data, for programs: what is wanted. */
  readonly subject?: Plain
  /** From when it is needed, in milliseconds since 1970; for people, nothing waits for it. */
  readonly from?: number | undefined
  /** Until when it is needed: without an answer by then the step fails. Absent: it waits as long as it takes. */
  readonly until?: number | undefined
  readonly marks?: Marks | undefined
}

export interface GivenToStep {
  readonly by: string
  readonly note?: string | undefined
  /** What was asked for, in the shape that the request's kind has. */
  readonly content?: Plain
}

const content: z.ZodType<Plain> = z.custom<Plain>()

const input = z.object({
  text: z.string().min(1),
  ask: z.enum(['approval', 'work', 'resources']),
  subject: content.optional(),
  from: z.number().optional(),
  until: z.number().optional(),
  marks,
})

const output = z.object({ by: z.string(), note: z.string().optional(), content: content.optional() })

/**
 * Asks people, and waits for as long as it takes: for weeks, through restarts, without a lease and without a process.
 *
 * Everything else of the run goes on meanwhile. A person who declines, or nobody in time, is a failure of the step.
 */
export const awaitAnswer: StepKind<AwaitAnswerInput, GivenToStep> = {
  name: 'person.answer',
  version: 1,
  input,
  output,
  async observe(step, context) {
    const given = await look(step, context)
    return given === undefined
      ? { state: 'partial', detail: `nobody has answered "${step.text}"` }
      : { state: 'done', value: given }
  },
  async act(step, context) {
    const given = await look(step, context)
    if (given !== undefined) return given
    return await context.park({
      for: `an answer to "${step.text}"`,
      request: context.operationId,
      ...(step.until !== undefined && { until: step.until }),
    })
  },
  records(step, moment, context) {
    const marked = markServer(step.marks, moment)
    switch (moment.type) {
      case 'began':
        return [...marked, askFor(step, context)]
      case 'failed':
        return [...marked, withdraw(context, moment.message)]
      case 'done':
        return marked
    }
  },
}

async function look(step: AwaitAnswerInput, context: StepContext): Promise<GivenToStep | undefined> {
  const { given, time } = await context.answer()
  if (given !== undefined) return accepted(step, given)
  if (step.until === undefined || time < step.until) return undefined
  throw new VmunitError(
    'ERR_TIMEOUT',
    `Nobody answered "${step.text}" by ${new Date(step.until).toISOString()}. Plan again with a later date.`,
    { details: { request: context.operationId, until: step.until } },
  )
}

function accepted(step: AwaitAnswerInput, { approve, by, note, content: given }: Answer): GivenToStep {
  if (approve) return { by, ...(note !== undefined && { note }), ...(given !== undefined && { content: given }) }
  throw new VmunitError(
    'ERR_DECLINED',
    `${by} declined "${step.text}"${note === undefined ? '' : `: ${note}`}. Settle it with that person, then plan again.`,
    { details: { by, note } },
  )
}

/** Written in the transaction of the intent, so that it is asked exactly once. */
function askFor(step: AwaitAnswerInput, context: RecordContext): DocumentUpdate {
  const { text, ask, subject, from, until } = step
  const document: RequestDocument = {
    run: context.runId,
    gate: context.step,
    kind: ask,
    text,
    planHash: context.planHash,
    requestedBy: context.requestedBy,
    ...(subject !== undefined && { subject }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  }
  return { key: keys.request(context.operationId), update: (value) => value ?? plain(document) }
}

function withdraw({ operationId }: RecordContext, reason: string): DocumentUpdate {
  return {
    key: keys.request(operationId),
    update(value) {
      if (value === undefined) return undefined
      const request = requestParser.parse(value)
      return plain(request.answer === undefined ? { ...request, withdrawn: reason } : request)
    },
  }
}
