import { randomInt } from 'node:crypto'

/** What happens to a call: late, answered by nobody though done, broken off before it is done, or refused. */
export type FaultEffect =
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'lostAnswer' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'unavailable' }
  /** A SOAP fault by its name, such as `NoPermission`; `fields` is XML for the content of the fault. */
  | { readonly kind: 'fault'; readonly name: string; readonly fields?: string | undefined }

export interface FaultRule {
  /** Every method when left out. */
  readonly method?: string | RegExp | undefined
  /** How many calls it strikes at most; without limit when left out. */
  readonly times?: number | undefined
  /** Of calls that match, the share that it strikes; all when left out. */
  readonly probability?: number | undefined
  readonly effect: FaultEffect
}

export interface FaultRules {
  /** Adds a rule; answers with the way to take it out. */
  add(rule: FaultRule): () => void
  clear(): void
  /** What strikes this call: every rule that matches, in the order in which they were added. */
  strike(method: string): readonly FaultEffect[]
}

export function randomSeed(): number {
  return randomInt(2 ** 31)
}

function applies(rule: FaultRule, method: string): boolean {
  if (rule.method === undefined) return true
  return typeof rule.method === 'string' ? rule.method === method : rule.method.test(method)
}

export function createFaultRules(random: () => number): FaultRules {
  const rules = new Map<FaultRule, number>()
  return {
    add: (rule) => {
      // A rule that is given twice are two rules.
      const own = { ...rule }
      rules.set(own, rule.times ?? Number.POSITIVE_INFINITY)
      return () => rules.delete(own)
    },
    clear: () => {
      rules.clear()
    },
    strike: (method) => {
      const effects: FaultEffect[] = []
      for (const [rule, left] of rules) {
        if (!applies(rule, method)) continue
        if (rule.probability !== undefined && random() >= rule.probability) continue
        effects.push(rule.effect)
        if (left > 1) rules.set(rule, left - 1)
        else rules.delete(rule)
      }
      return effects
    },
  }
}
