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

/**
 * Whether what was found in a machine is this very marker: what a driver asks before it changes the machine. No marker,
 * or one that cannot be read, is not; whoever must tell these from another one's marker looks before.
 */
export function sameMarker(found: Marker | 'none' | 'unreadable' | undefined, marker: Marker): boolean {
  if (typeof found !== 'object') return false
  const { manager, unit, slot, operationId } = marker
  return found.manager === manager && found.unit === unit && found.slot === slot && found.operationId === operationId
}
