import { basename } from 'node:path'
import { PROCEDURES } from './manual-procedures.ts'
import { type ManualTable, OTHER_OPERATIONS, WORK_FLOWS } from './manual-tables.ts'
import { markdownTable } from './markdown-table.ts'
import { type Evidence, proves, type RecordedRun, SITES, type SiteName } from './recorded-runs.ts'

export const OPERATIONS_DOCUMENT = 'docs/operations.md'

/** Every table of the document, in its order. */
export const MANUAL: readonly ManualTable[] = [...WORK_FLOWS, ...PROCEDURES, OTHER_OPERATIONS]

/** A document, and what is missing in it. */
export interface OperationsDocument {
  readonly text: string
  /** A sentence for each row that no recorded run shows. */
  readonly missing: readonly string[]
}

/** Makes the document from what the tests recorded: which run shows which row of the manual, at which site. */
export function operationsDocument(recorded: readonly RecordedRun[], note: string): OperationsDocument {
  const missing: string[] = []
  const tables = MANUAL.map((table) => {
    const shown = showTable(table, recorded)
    missing.push(...shown.missing)
    return [`## ${table.title}`, table.about, shown.text.trimEnd()].join('\n\n')
  })
  return { text: `${['# Operations of the manual', note, INTRODUCTION, ...tables].join('\n\n')}\n`, missing }
}

/** A document without what is another one each time that the tests run. */
export function withoutRunIds(text: string): string {
  return text.replaceAll(/\b\d{8}T\d{9}-\w+-[0-9a-f]{8}\b/g, 'RUN')
}

const INTRODUCTION = `Which operation of vmunit, or which call of its manager, does the work of each row of the manual's work-flow tables (1-3 and 1-4) and of each step of the procedures of 6.2.3, and which runs of the tests showed it. [Operations](guide-operations.md) says how to use them.

Nothing here is written by hand: the tests of \`integration/\` run at two sites by the same code, and what their managers journaled is recorded. The **simulator** has simulated ports; the **testbed** has the drivers for vSphere and SSH, with a vCenter API and real guests, and the load balancer of the simulator. \`npm test\` fails when a row has no run at each site.

The **steps** are kinds of steps, where it matters with their verb, that the journal has as done in this order; in italics stand records of the journal. Steps of a procedure that the same operation does are one run, in the order of the procedure. A call such as \`units.create\` is no run and has no steps; its id is that of its [audit entry](guide-access.md#audit).

Of all **runs** that show a row one is named for each site. Their ids are others each time that the tests run: \`npm run docs\` writes those of the last time, and \`npm test\` compares everything else.`

const HEAD = ['section', 'task', 'operation', 'steps', 'runs', 'test'] as const

function showTable(table: ManualTable, recorded: readonly RecordedRun[]): OperationsDocument {
  const missing: string[] = []
  const told = new Map<SiteName, string>()
  const cells = table.rows.flatMap(({ section, task, shownBy }) =>
    shownBy.map((evidence, index) => {
      const runs = SITES.map((site) => ({ site, run: runFor(table, { evidence, site }, recorded) }))
      for (const { site, run } of runs) {
        const row = `${table.title}, ${`${section} ${task}`.trim()}`
        if (run === undefined) missing.push(`${row}: no run on the ${site} shows ${say(evidence)}`)
        if (run === undefined || table.story === undefined || evidence.test !== table.story) continue
        // Ids begin with the time.
        if (run.id < (told.get(site) ?? '')) missing.push(`${row}: ${run.id} began before the step before it`)
        told.set(site, run.id)
      }
      const [first] = runs.flatMap(({ run }) => run ?? [])
      return [
        index === 0 ? section : '',
        index === 0 ? task : '',
        `\`${evidence.operation}\`${inputOf(evidence)}`,
        stepsOf(evidence, first),
        runs.map(({ site, run }) => `${site} \`${run?.id ?? 'none'}\``).join('<br>'),
        first === undefined ? '' : `[${basename(first.file, '.test.ts')}](../${first.file})`,
      ]
    }),
  )
  return { text: markdownTable([...HEAD], cells), missing }
}

/** The first run that shows this; in a procedure, one that shows all that the same operation is to do in it. */
function runFor(
  table: ManualTable,
  { evidence, site }: { readonly evidence: Evidence; readonly site: SiteName },
  recorded: readonly RecordedRun[],
): RecordedRun | undefined {
  const wanted = table.isProcedure === true ? together(table, evidence) : evidence
  return recorded.find((run) => run.site === site && proves(run, wanted) && proves(run, evidence))
}

/** What the rows of a procedure want of the same operation with the same input, one after another. */
function together({ rows }: ManualTable, evidence: Evidence): Evidence {
  const identity = ({ operation, input = {}, test = '' }: Evidence): string =>
    JSON.stringify([operation, Object.entries(input), test])
  const same = rows.flatMap(({ shownBy }) => shownBy.filter((other) => identity(other) === identity(evidence)))
  return { ...evidence, steps: same.flatMap(({ steps = [] }) => steps) }
}

function stepsOf({ steps, records }: Evidence, run: RecordedRun | undefined): string {
  const wanted = [...(records ?? []).map((type) => `*${type}*`), ...(steps ?? []).map(sayStep)]
  return (wanted.length > 0 ? wanted : (run?.kinds ?? []).map(sayStep)).join(', ')
}

/** `machine.power power-on` is `machine.power` (power-on). */
function sayStep(step: string): string {
  const [kind, verb] = step.split(' ')
  return verb === undefined ? `\`${kind}\`` : `\`${kind}\` (${verb})`
}

function inputOf({ input = {} }: Evidence): string {
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : ` with ${given.map(([name, value]) => `\`${name}: ${sayValue(value)}\``).join(', ')}`
}

function sayValue(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('"', "'")
    .replaceAll(/'(\w+)':/g, '$1: ')
    .replaceAll(',', ', ')
}

function say(evidence: Evidence): string {
  return Object.entries(evidence)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ')
}
