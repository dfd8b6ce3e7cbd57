import { currentVersion, type Template, type TemplateVersion } from '../../domain/template.ts'
import { VmunitError } from '../../errors/index.ts'
import { nameSome } from '../../internal/name-some.ts'
import type { World } from '../../ports/index.ts'

/** What becomes of a version, in the order of how little is left of it. */
export type RetiredState = 'deprecated' | 'revoked' | 'removed'

export interface Retirement {
  readonly versions: readonly number[] | 'unused'
  readonly to: RetiredState
}

/**
 * The versions that are to be retired and are not yet.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` for an unknown one; `ERR_WRONG_STATE` for one that is needed or gone.
 */
export function retirable(world: World, template: Template, { versions, to }: Retirement): readonly TemplateVersion[] {
  const users = usersOf(world, template.name)
  const current = currentVersion(template)
  if (versions === 'unused') {
    return template.versions.filter(
      (version) => version !== current && !users.has(version.number) && !isAlready(version, to),
    )
  }
  const named = versions.map((number) => versionOf(template, number)).filter(({ state }) => state !== to)
  for (const version of named) {
    checkThere(version)
    if (to === 'removed') checkUnused(version, users.get(version.number) ?? [])
  }
  checkStillServed(world, { template, named })
  return named
}

function isAlready({ state }: TemplateVersion, to: RetiredState): boolean {
  const order = ['draft', 'active', 'deprecated', 'revoked', 'removed'] as const
  return order.indexOf(state) >= order.indexOf(to)
}

function versionOf(template: Template, number: number): TemplateVersion {
  const version = template.versions.find((one) => one.number === number)
  if (version !== undefined) return version
  throw new VmunitError(
    'ERR_NOT_FOUND',
    `Template ${template.name} has no version ${number}. It has ${nameSome(template.versions.map((one) => one.number))}.`,
    {
      details: { template: template.name, version: number, known: template.versions.map((one) => one.number) },
    },
  )
}

/** The servers that are made from each version: those of other units count, and are not named. */
function usersOf(world: World, template: string): ReadonlyMap<number, readonly string[]> {
  const users = new Map<number, string[]>()
  for (const { unit, servers } of world.templateUses.get(template) ?? []) {
    for (const { address, version } of servers) {
      const name = world.units.has(unit) ? address : 'of somebody else'
      users.set(version, [...new Set([...(users.get(version) ?? []), name])])
    }
  }
  return users
}

function checkThere({ template, number, state }: TemplateVersion): void {
  if (state !== 'removed') return
  throw new VmunitError('ERR_WRONG_STATE', `Version ${number} of ${template} is removed already.`, {
    details: { template, version: number, state },
  })
}

function checkUnused({ template, number }: TemplateVersion, servers: readonly string[]): void {
  if (servers.length === 0) return
  throw new VmunitError(
    'ERR_WRONG_STATE',
    `Servers ${servers.slice(0, 20).join(', ')} are made from version ${number} of ${template} and could not be recovered without it. Bring them another version first.`,
    { details: { template, version: number, servers } },
  )
}

/** New servers need a version, as long as there are tiers of the template. */
function checkStillServed(
  world: World,
  { template, named }: { readonly template: Template; readonly named: readonly TemplateVersion[] },
): void {
  const isLeft = template.versions.some((version) => version.state === 'active' && !named.includes(version))
  if (isLeft || !named.some(({ state }) => state === 'active')) return
  const units = (world.templateUses.get(template.name) ?? []).map(({ unit }) => unit)
  if (units.length === 0) return
  const names = [...new Set(units.map((unit) => (world.units.has(unit) ? unit : 'somebody else')))]
  throw new VmunitError(
    'ERR_WRONG_STATE',
    `No active version of ${template.name} would be left for new servers of ${names.join(', ')}. Publish another one first.`,
    { details: { template: template.name, units: names } },
  )
}
