import { randomUUID } from 'node:crypto'
import type { OperationId } from '../../domain/marker.ts'

/** An operation id that never was before, also on a platform that keeps what earlier runs made. */
export function freshOperationId(): OperationId {
  return `contract-${randomUUID()}/step#1`
}

/** A name that never was before. */
export function freshName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 13)}`
}
