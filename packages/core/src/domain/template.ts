/** A golden image by name. */
export interface Template {
  readonly name: string
  /** A key of `ManagerOptions.hypervisors`. */
  readonly hypervisor: string
  /** Ascending by number; never renumbered, never reused. */
  readonly versions: readonly TemplateVersion[]
}

export interface TemplateVersion {
  readonly template: string
  /** Counts from 1. */
  readonly number: number
  readonly parent?: number | undefined
  /** The platform's id of the image. */
  readonly image: string
  /** `removed`: its image is gone; the number stays taken. */
  readonly state: 'draft' | 'active' | 'deprecated' | 'revoked' | 'removed'
  readonly note: string
}

/** Names one version of a template. */
export interface TemplateRef {
  readonly template: string
  readonly version: number
}

/** Whether machines may be made from it: they may still be from a deprecated one. */
export function isUsable({ state }: TemplateVersion): boolean {
  return state === 'active' || state === 'deprecated'
}

/** The version that new servers are made from: the newest active one. */
export function currentVersion(template: Template): TemplateVersion | undefined {
  return template.versions.findLast((version) => version.state === 'active')
}
