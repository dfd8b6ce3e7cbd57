import { VmunitError } from '../errors/index.ts'
import type { Change, Plan, PlannedStep, SharedValues } from './plan.ts'

/**
 * The steps of a change, whether they are its own or shared with other groups.
 *
 * Shared ones are written out anew at each call: keep what is needed more than once.
 *
 * @example
 * ```ts
 * const steps = plan.phases.flatMap(({ changes }) => changes.flatMap((change) => stepsOf(plan, change)))
 * ```
 */
export function stepsOf(
  { procedures }: Pick<Plan, 'procedures'>,
  { group, steps }: Pick<Change, 'group' | 'steps'>,
): readonly PlannedStep[] {
  if (!('procedure' in steps)) return steps
  const shared = procedures?.[steps.procedure]
  if (shared !== undefined) return fillNames(shared, { ...steps.values, group })
  throw new VmunitError('ERR_INTERNAL', `The plan has no procedure ${steps.procedure}, to which group ${group} refers.`)
}

/** As {@link stepsOf} for some kinds only: what is not of these is not even written out. Make one for each plan. */
export function stepsOfKinds(
  { procedures = {} }: Pick<Plan, 'procedures'>,
  kinds: ReadonlySet<string>,
): (change: Pick<Change, 'group' | 'steps'>) => readonly PlannedStep[] {
  const isWanted = ({ kind }: PlannedStep): boolean => kinds.has(kind.name)
  const wanted = Object.fromEntries(Object.entries(procedures).map(([name, steps]) => [name, steps.filter(isWanted)]))
  return (change) => stepsOf({ procedures: wanted }, change).filter(isWanted)
}

/** Puts values in the place of each `{name}` in all texts of some JSON; a name without a value stays as it is. */
export function fillNames<T>(json: T, values: SharedValues): T {
  const known = new Map(Object.entries(values))
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return fillText(value, known)
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return value.map(fill)
    const filled: Record<string, unknown> = {}
    for (const [name, member] of Object.entries(value)) filled[name] = fill(member)
    return filled
  }
  return fill(json) as T
}

/** What was filled in is not looked at again, so that a value may contain anything. */
function fillText(text: string, values: ReadonlyMap<string, string>): string {
  return text.includes('{') ? text.replaceAll(/\{([^{}]+)\}/g, (whole, name) => values.get(name) ?? whole) : text
}
