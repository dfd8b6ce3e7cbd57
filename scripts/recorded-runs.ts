import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

/** Where the tests of `integration/` write what their managers journaled: one file for each store. */
export const RECORDED_RUNS = '.state/recorded-runs'

/** The places where the tests of `integration/` run. */
export const SITES = ['simulator', 'testbed'] as const

export type SiteName = (typeof SITES)[number]

/** A run that came to a good end in a test, or a call that was audited, as the store of its manager has it. */
export interface RecordedRun {
  readonly id: string
  /** Which ports the manager had: it is the id of the manager, and stands in the plan. */
  readonly site: SiteName
  /** `updateUnit`; of a call `units.create`. */
  readonly operation: string
  /** What the plan was made from; nothing for a call. */
  readonly input: unknown
  /** The role of who started it. */
  readonly by: string
  /** Kind and verb of each step that was done, in the order of the journal: `guest.job stop`. */
  readonly steps: readonly string[]
  /** The kinds of these steps, each once, in the order of the plan. */
  readonly kinds: readonly string[]
  /** The types of its records, in their order. */
  readonly records: readonly string[]
  /** The file and the title of the test in which it began. */
  readonly file: string
  readonly test: string
}

/** What must have been journaled. */
export interface Evidence {
  /** The name of an operation, or of a call of the manager: `units.create`. */
  readonly operation: string
  /** What the input must have; it may have more. */
  readonly input?: Readonly<Record<string, unknown>>
  readonly by?: 'administrator' | 'builder'
  /** Kinds, or kinds with a verb, that must have been done in this order. */
  readonly steps?: readonly string[]
  /** Types of records that must be there in this order. */
  readonly records?: readonly string[]
  /** What the title of the test must have. */
  readonly test?: string
}

/** Tests that kill managers or disturb what they work with. */
const DISTURBED = /\/(crash|faults)\.test\.ts$/

/** Reads what was recorded since `npm test` began; undefined when nothing was. */
export function readRecordedRuns(root: string): readonly RecordedRun[] | undefined {
  const folder = join(root, RECORDED_RUNS)
  if (!existsSync(folder)) return undefined
  const files = globSync('*.json', { cwd: folder }).sort()
  const runs = files.flatMap((file): readonly RecordedRun[] => JSON.parse(readFileSync(join(folder, file), 'utf8')))
  // Those that are the subject of a test come first, those that only prepare one later, and last what was disturbed.
  const rank = ({ test, file }: RecordedRun): string => (DISTURBED.test(file) ? '3' : test === '' ? '2' : '1')
  const place = (run: RecordedRun): readonly string[] => [rank(run), run.file, run.id]
  return runs.toSorted((a, b) => compare(place(a), place(b)))
}

/** Whether a run proves this. */
export function proves(
  run: RecordedRun,
  { operation, input = {}, by, steps = [], records = [], test = '' }: Evidence,
): boolean {
  return (
    run.operation === operation &&
    isPart(input, run.input) &&
    (by === undefined || run.by === by) &&
    isInOrder(steps, run.steps, (wanted, step) => step === wanted || step.startsWith(`${wanted} `)) &&
    isInOrder(records, run.records, (wanted, type) => type === wanted) &&
    run.test.includes(test)
  )
}

function isInOrder(
  wanted: readonly string[],
  there: readonly string[],
  fits: (wanted: string, there: string) => boolean,
): boolean {
  let found = 0
  for (const one of there) {
    const next = wanted[found]
    if (next !== undefined && fits(next, one)) found += 1
  }
  return found === wanted.length
}

/** Whether everything that is wanted is there, at any depth. */
function isPart(wanted: unknown, there: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return isDeepStrictEqual(wanted, there)
  if (typeof there !== 'object' || there === null) return Object.keys(wanted).length === 0
  const fields = new Map<string, unknown>(Object.entries(there))
  return Object.entries(wanted).every(([name, value]) => isPart(value, fields.get(name)))
}

function compare(left: readonly string[], right: readonly string[]): number {
  const at = left.findIndex((text, index) => text !== right[index])
  return at < 0 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1
}
