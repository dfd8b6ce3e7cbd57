import type { ContractRule, Lab } from './contract-rule.ts'

/** The two functions of a test runner that rules are registered with: vitest, node:test, jest and mocha have them. */
export interface ContractRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly it: (name: string, body: () => Promise<void>) => unknown
}

/** A rule that a driver does not keep yet, and why. The suite fails once it keeps it, so that the entry goes. */
export interface KnownFailure {
  readonly rule: string
  readonly reason: string
}

/** What the four `test…` functions are told. */
export interface ContractOptions<L extends Lab> {
  readonly runner: ContractRunner
  /** Makes the world of one rule; nothing of an earlier one may be in it. */
  readonly create: () => Promise<L>
  /** The optional parts that the driver has. Rules of others are not registered. */
  readonly facets?: readonly string[] | undefined
  readonly knownFailures?: readonly KnownFailure[] | undefined
}

/** A contract by name. */
export interface Contract<L extends Lab> {
  readonly name: string
  readonly rules: readonly ContractRule<L>[]
}

async function inLab<L extends Lab, T>(options: ContractOptions<L>, work: (lab: L) => Promise<T>): Promise<T> {
  const lab = await options.create()
  try {
    return await work(lab)
  } finally {
    await lab.close()
  }
}

async function mustHold<L extends Lab>(rule: ContractRule<L>, options: ContractOptions<L>): Promise<void> {
  await inLab(options, async (lab) => await rule.run(lab, options.facets ?? []))
}

async function mustFail<L extends Lab>(rule: ContractRule<L>, options: ContractOptions<L>): Promise<void> {
  const holds = await inLab(options, async (lab) => {
    return await rule.run(lab, options.facets ?? []).then(
      () => true,
      () => false,
    )
  })
  if (holds) throw new Error(`${rule.id} now holds; remove it from knownFailures.`)
}

/**
 * Registers one test for each rule that applies.
 *
 * @throws TypeError when `knownFailures` names a rule that does not apply, so that no entry outlives its reason.
 */
export function registerRules<L extends Lab>(contract: Contract<L>, options: ContractOptions<L>): void {
  const facets = new Set(options.facets)
  const rules = contract.rules.filter((rule) => rule.facet === undefined || facets.has(rule.facet))
  const known = new Map((options.knownFailures ?? []).map((failure) => [failure.rule, failure.reason]))
  for (const id of known.keys()) {
    if (!rules.some((rule) => rule.id === id)) throw new TypeError(`knownFailures names ${id}, which does not apply.`)
  }
  options.runner.describe(contract.name, () => {
    for (const rule of rules) {
      const reason = known.get(rule.id)
      if (reason === undefined) options.runner.it(`${rule.id} ${rule.text}`, () => mustHold(rule, options))
      else options.runner.it(`${rule.id} ${rule.text} (known failure: ${reason})`, () => mustFail(rule, options))
    }
  })
}
