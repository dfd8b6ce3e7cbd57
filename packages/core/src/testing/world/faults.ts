import type { FaultRule } from './fault-rule.ts'
import { luck } from './luck.ts'

/** A rule with what it has done so far; plain JSON. */
export interface ActiveFault {
  readonly rule: FaultRule
  seen: number
  struck: number
}

/** What the rules do to one call. */
export interface Verdict {
  readonly delayMs: number
  readonly effect?: Exclude<FaultRule['effect'], { type: 'delay' }> | undefined
}

const HARMLESS: Verdict = { delayMs: 0 }

/** Rules at the beginning of their life. */
export function activate(rules: readonly FaultRule[]): ActiveFault[] {
  return rules.map((rule) => ({ rule, seen: 0, struck: 0 }))
}

/** Decides about one call. Delays add up; of the other effects the first rule that strikes wins. */
export function judge(faults: readonly ActiveFault[], seed: number, call: CallNames): Verdict {
  if (faults.length === 0) return HARMLESS
  let verdict = HARMLESS
  faults.forEach((fault, die) => {
    if (!concerns(fault.rule, call)) return
    if (verdict.effect !== undefined && fault.rule.effect.type !== 'delay') return
    if (!strikes(fault, luck(seed, die, fault.seen))) return
    const { effect } = fault.rule
    verdict = effect.type === 'delay' ? { ...verdict, delayMs: verdict.delayMs + effect.ms } : { ...verdict, effect }
  })
  return verdict
}

/** A call as fault rules see it. */
export interface CallNames {
  readonly method: string
  readonly names: readonly string[]
}

function concerns({ call, subject }: FaultRule, { method, names }: CallNames): boolean {
  const named = call.endsWith('*') ? method.startsWith(call.slice(0, -1)) : method === call
  return named && (subject === undefined || names.includes(subject))
}

function strikes(fault: ActiveFault, chance: number): boolean {
  const { skip = 0, times = Infinity, probability = 1 } = fault.rule
  fault.seen += 1
  if (fault.seen <= skip || fault.struck >= times || chance >= probability) return false
  fault.struck += 1
  return true
}
