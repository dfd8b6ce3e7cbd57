import { AssertionError } from 'node:assert/strict'
import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../src/errors/index.ts'
import type { ContractRule, Lab } from '../../../src/testing/index.ts'

/** Something deliberately broken, and the rule that must notice. */
export interface Mutant<L extends Lab> {
  readonly rule: string
  readonly name: string
  /** The error with which a call of it rejects although it must not. Default: all calls answer, and an assertion fails. */
  readonly code?: ErrorCode
  /** Wraps what is good so that it breaks the rule. */
  breakIt(good: L): L
}

/** What mutants are made from. */
export interface MutantOptions<L extends Lab> {
  readonly name: string
  readonly rules: readonly ContractRule<L>[]
  readonly facets?: readonly string[]
  readonly create: () => Promise<L>
}

async function outcomeOf<L extends Lab>(rule: ContractRule<L>, lab: L, facets: readonly string[]): Promise<unknown> {
  try {
    await rule.run(lab, facets)
    return 'holds'
  } catch (error) {
    return error
  } finally {
    await lab.close()
  }
}

/** Registers one test for each mutant: its rule holds for the good one and rejects for the broken one. */
export function testMutants<L extends Lab>(options: MutantOptions<L>, mutants: readonly Mutant<L>[]): void {
  const { name, rules, facets = [], create } = options
  describe(`mutants of ${name}`, () => {
    it.each(mutants)('$rule catches one that $name', async ({ rule: id, code, breakIt }) => {
      const rule = rules.find((each) => each.id === id)
      if (rule === undefined) throw new TypeError(`there is no rule ${id}`)
      expect(await outcomeOf(rule, await create(), facets)).toBe('holds')
      const caught = await outcomeOf(rule, breakIt(await create()), facets)
      if (code === undefined) expect(caught).toBeInstanceOf(AssertionError)
      else expect(caught).toMatchObject({ name: 'VmunitError', code })
    })
  })
}
