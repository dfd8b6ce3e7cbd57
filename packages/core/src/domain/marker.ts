/**
 * `<runId>/<stepId>#<attempt>`: exists once in all time. A later run, or a second attempt at the same slot and
 * version, has another one. Side effects are idempotent by it.
 */
export type OperationId = string

/**
 * Written into every machine that we create or adopt. Drivers bind it to the one machine it was written for:
 * a copy of it in a clone or in a restored backup is not ours.
 */
export interface Marker {
  readonly manager: string
  readonly unit: string
  readonly slot: string
  readonly operationId: OperationId
}

/** Whether two markers are the same one. */
export function sameMarker(a: Marker, b: Marker): boolean {
  return a.manager === b.manager && a.unit === b.unit && a.slot === b.slot && a.operationId === b.operationId
}
