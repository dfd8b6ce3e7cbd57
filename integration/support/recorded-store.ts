import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { type AuditEntry, type Plan, type Principal, type RunRecord, type StateStore, stepsOf } from '@vmunit/core'
import { expect } from 'vitest'
import { RECORDED_RUNS, type RecordedRun } from '../../scripts/recorded-runs.ts'
import { root } from '../../scripts/workspace.ts'
import type { Site } from '../site/site.ts'

export interface Recording {
  readonly site: Site['name']
  readonly storePath: string
  /** In which test each run and each call began; stores of the same fleet share it. */
  readonly tests: Map<string, string>
}

/**
 * Lets a store tell, when it is closed, which runs and calls its managers journaled and in which tests they began:
 * `docs/operations.md` is made from that.
 */
export function recordedStore(store: StateStore, { site, storePath, tests }: Recording): StateStore {
  async function close(): Promise<void> {
    const { testPath = '' } = expect.getState()
    const file = relative(root, testPath)
    const name = [basename(testPath, '.test.ts'), site, basename(storePath, '.db')].join('-')
    const runs = (await readRuns(store, site)).map((run) => ({ ...run, file, test: tests.get(run.id) ?? '' }))
    const folder = join(root, RECORDED_RUNS)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `${name}.json`), JSON.stringify(runs, undefined, 1))
    await store.close()
  }

  return {
    ...store,
    async commit(batch, call) {
      await store.commit(batch, call)
      const begun = [
        ...(batch.append ?? []).filter(({ seq }) => seq === 1).map(({ run }) => run),
        ...(batch.put ?? []).filter(({ key }) => key.startsWith('audit/')).map(({ key }) => key.slice('audit/'.length)),
      ]
      // What begins before the first test of a site began in no test, whatever ran last elsewhere.
      const { currentTestName: title = '' } = expect.getState()
      if (!title.includes(` on the ${site}`)) return
      for (const id of begun) if (!tests.has(id)) tests.set(id, title)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

type Unplaced = Omit<RecordedRun, 'file' | 'test'>

async function readRuns(store: StateStore, site: Site['name']): Promise<readonly Unplaced[]> {
  const runs: Unplaced[] = []
  for await (const { key } of store.list('run/')) {
    const id = key.slice('run/'.length)
    const records = await Array.fromAsync(store.journal(id, 1), (record) => record as unknown as RunRecord)
    const run = recordedRun(id, records)
    if (run !== undefined) runs.push(run)
  }
  for await (const { key, value } of store.list('audit/')) {
    const { call, role, outcome } = value as unknown as Omit<AuditEntry, 'id'>
    if (outcome !== 'done') continue
    const nothing = { input: {}, steps: [], kinds: [], records: [] }
    runs.push({ id: key.slice('audit/'.length), site, operation: call, by: role, ...nothing })
  }
  return runs
}

/** What a journal says about a run; nothing unless the run came to a good end. */
function recordedRun(id: string, records: readonly RunRecord[]): Unplaced | undefined {
  const [first] = records
  if (first?.type !== 'run.created' || records.at(-1)?.type !== 'run.succeeded') return undefined
  const { plan, principal }: { readonly plan: Plan; readonly principal: Principal } = first.data
  const planned = plan.phases.flatMap(({ changes }) => changes.flatMap((change) => stepsOf(plan, change)))
  const kindOf = new Map(planned.map((step) => [step.id, step.kind.name]))
  const done = records.flatMap((record) => (record.type === 'step.done' ? [record.data.step] : []))
  const isDone = new Set(done)
  return {
    id,
    site: plan.manager as RecordedRun['site'],
    operation: plan.operation.name,
    input: plan.input,
    by: principal.role,
    steps: done.flatMap((step) => (kindOf.has(step) ? [`${kindOf.get(step)} ${verbOf(step)}`] : [])),
    kinds: [...new Set(planned.filter((step) => isDone.has(step.id)).map(({ kind }) => kind.name))],
    records: records.map(({ type }) => type),
  }
}

/** What a step does to its server: `vmgroup_1/web/0/create@web-base:42` is `create`. */
function verbOf(step: string): string {
  return (step.split('/').at(-1) ?? '').replace(/@.*/, '')
}
