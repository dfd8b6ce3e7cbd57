import type { LogicalStatus } from '../../domain/server-status.ts'
import { assertNever } from '../../internal/assert-never.ts'
import type { DocumentUpdate, StepMoment } from '../../ports/index.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

/** What a step says about its server in the record, at which moment. */
export interface Marks extends ServerKey {
  readonly began?: LogicalStatus | undefined
  readonly done?: LogicalStatus | undefined
  readonly failed?: LogicalStatus | undefined
  /** Recorded when the step is done. */
  readonly definitionHash?: string | undefined
}

/** The document updates of a step that carries marks. */
export function markServer(marks: Marks | undefined, moment: StepMoment<unknown>): readonly DocumentUpdate[] {
  if (marks === undefined) return []
  const status = statusAt(marks, moment)
  const definitionHash = moment.type === 'done' ? marks.definitionHash : undefined
  if (status === undefined && definitionHash === undefined) return []
  return [
    updateServer(marks, (server) => ({
      ...server,
      status: status ?? server.status,
      definitionHash: definitionHash ?? server.definitionHash,
    })),
  ]
}

function statusAt(marks: Marks, moment: StepMoment<unknown>): LogicalStatus | undefined {
  switch (moment.type) {
    case 'began':
      return marks.began
    case 'done':
      return marks.done
    case 'failed':
      return marks.failed
    default:
      return assertNever(moment, 'moment')
  }
}
