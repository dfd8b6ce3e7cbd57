import type { OperationId } from '../domain/marker.ts'

/** The parts of an operation id. */
export interface OperationParts {
  readonly runId: string
  readonly step: string
  readonly attempt: number
}

/** `<runId>/<stepId>#<attempt>`; undefined for what another program, or a person, wrote there. */
export function partsOfOperation(id: OperationId): OperationParts | undefined {
  const [, runId, step, attempt] = /^([^/]+)\/(.+)#(\d+)$/.exec(id) ?? []
  return runId === undefined || step === undefined ? undefined : { runId, step, attempt: Number(attempt) }
}
