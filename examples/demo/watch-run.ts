import { isVmunitError, type Run } from '@vmunit/core'
import { createProgressLines } from './progress-lines.ts'
import { createRunView } from './run-view.ts'
import type { Screen } from './screen.ts'

/** Shows a run until it ends or is paused, and passes on its result. */
export async function watchRun<Output>(run: Run<Output>, screen: Screen): Promise<Output> {
  const view = createRunView(run.plan)
  // What happened before this process looked is not told again.
  for await (const record of run.events({ follow: false })) view.apply(record)
  using lines = createProgressLines(view, screen)
  const given = new AbortController()
  const watching = Array.fromAsync(run.events({ from: view.next, signal: given.signal }), (record) =>
    lines.show(view.apply(record), record),
  )
  try {
    return await run.result()
  } catch (error) {
    // In all other cases the journal has an end of its own.
    if (!isVmunitError(error, 'ERR_PAUSED', 'ERR_RUN_FAILED', 'ERR_CANCELLED')) given.abort()
    throw error
  } finally {
    await watching.catch(() => {})
  }
}
