import type { Marker } from '@vmunit/core'

/** What a template says about the version that it is. */
export interface ImageMark {
  readonly template: string
  readonly version: number
  readonly operationId: string
}

/** Data that counts only in the machine that it was written for; anywhere else it is a copy. */
interface Bound {
  readonly instanceUuid: string
}

/** The marker as text, bound to a machine. */
export function writeMarker({ manager, unit, slot, operationId }: Marker, instanceUuid: string): string {
  return JSON.stringify({ v: 1, manager, unit, slot, operationId, instanceUuid })
}

/** The marker in a text, whatever machine it was written for; undefined when there is none. */
export function readMarker(text: string | undefined): (Marker & Bound) | undefined {
  const data = read(text)
  const { manager, unit, slot, operationId, instanceUuid } = data
  if (!areTexts(manager, unit, slot, operationId, instanceUuid)) return undefined
  return { manager, unit, slot, operationId, instanceUuid } as Marker & Bound
}

/** The mark of an image as text, bound to a template. */
export function writeImageMark({ template, version, operationId }: ImageMark, instanceUuid: string): string {
  return JSON.stringify({ v: 1, template, version, operationId, instanceUuid })
}

/** The mark of an image in a text, whatever machine it was written for; undefined when there is none. */
export function readImageMark(text: string | undefined): (ImageMark & Bound) | undefined {
  const { template, version, operationId, instanceUuid } = read(text)
  if (!areTexts(template, operationId, instanceUuid) || typeof version !== 'number') return undefined
  return { template, version, operationId, instanceUuid } as ImageMark & Bound
}

/** Host keys as text, bound to the machine that showed them. */
export function writeHostKeys(hostKeys: readonly string[], instanceUuid: string): string {
  return JSON.stringify({ v: 1, hostKeys, instanceUuid })
}

/** The host keys in a text, where they were written for this machine. */
export function readHostKeys(text: string | undefined, machine: string): readonly string[] {
  const { hostKeys, instanceUuid } = read(text)
  const isOwn = instanceUuid === machine && Array.isArray(hostKeys) && areTexts(...hostKeys)
  return isOwn ? hostKeys.map(String) : []
}

function areTexts(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string')
}

/** Whatever a person or another program wrote there is no data of ours, and no reason to fail. */
function read(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined || text === '') return {}
  try {
    const data: unknown = JSON.parse(text)
    return typeof data === 'object' && data !== null && 'v' in data && data.v === 1 ? { ...data } : {}
  } catch {
    return {}
  }
}
