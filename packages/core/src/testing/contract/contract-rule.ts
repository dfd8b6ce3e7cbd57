/** What an author supplies so that the rules of a port can be measured; made anew for each rule, closed after it. */
export interface Lab {
  /** How long something that must happen soon may take here. @defaultValue {@link SLOW_MS} */
  readonly slowMs?: number | undefined
  close(): Promise<void>
}

/** One numbered sentence of a contract, and the code that measures it. Ids are permanent; a rule that goes leaves its number. */
export interface ContractRule<L extends Lab> {
  readonly id: string
  readonly text: string
  /** The facet that it is about: without it, the rule does not apply. */
  readonly facet?: string | undefined
  /** The version of the package that first had it. */
  readonly since: string
  /** Rejects when the rule is broken. `facets` are those that the author declares. */
  run(lab: L, facets: readonly string[]): Promise<void>
}

/** The default of {@link Lab.slowMs}. */
export const SLOW_MS = 2_000
