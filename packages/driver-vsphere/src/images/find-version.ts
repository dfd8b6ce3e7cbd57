import type { ImageVersion, Observed, PublishedImage } from '@vmunit/core'
import type { MachineFacts } from '../machines/machine-facts.ts'

/** What became of a version of a template. */
export type VersionFound =
  | { readonly state: 'published'; readonly image: string }
  /** Its machine bears the mark already and is no template yet. */
  | { readonly state: 'begun'; readonly image: string }
  /** Another operation has it. */
  | { readonly state: 'taken'; readonly image: string; readonly operationId: string }
  | { readonly state: 'none' }

/** Looks for a version among everything that an endpoint has. */
export function findVersion(machines: readonly MachineFacts[], as: ImageVersion): VersionFound {
  for (const { id, config } of machines) {
    const mark = config?.image
    if (config === undefined || mark?.template !== as.template || mark.version !== as.version) continue
    const { operationId } = mark
    if (operationId !== as.operationId) return { state: 'taken', image: id, operationId }
    return { state: config.isTemplate ? 'published' : 'begun', image: id }
  }
  return { state: 'none' }
}

/** The versions of a template that are complete, ascending. */
export function versionsOf(machines: readonly MachineFacts[], template: string): readonly PublishedImage[] {
  const versions = machines.flatMap(({ id, config }): readonly PublishedImage[] => {
    if (config?.image?.template !== template || !config.isTemplate) return []
    return [{ ...config.image, image: id }]
  })
  return versions.toSorted((a, b) => a.version - b.version)
}

/** A version as the five answers of the port. */
export function observed(found: VersionFound, blind: readonly string[]): Observed<string> {
  switch (found.state) {
    case 'published':
      return { state: 'done', value: found.image }
    case 'begun':
      return { state: 'partial', detail: `machine ${found.image} is marked, but no template yet` }
    case 'taken':
    case 'none':
      if (blind.length > 0) return { state: 'unknown', detail: `${blind.join(', ')} does not answer` }
      return { state: 'absent' }
  }
}
