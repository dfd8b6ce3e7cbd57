import type { Clock, DocumentUpdate } from '../ports/index.ts'
import type { JournalWriter } from './journal-writer.ts'
import type { Progress } from './progress.ts'
import { updateHead } from './run-head.ts'

/** Notes what the steps and changes of one run wait for when that takes its time. */
export interface Waits {
  /** Does work about a step or a change; `say` tells what it waits for now, as the end of "it waits for …". */
  during<T>(about: string, work: (say: (what: string) => void) => Promise<T>): Promise<T>
  /** The head's share of a record that ends a wait: none when nothing was noted. */
  ended(about: string): readonly DocumentUpdate[]
  close(): Promise<void>
}

export interface WaitsOptions {
  readonly progress: Progress
  readonly writer: JournalWriter
  readonly clock: Clock
  /** What lasts longer is written down, and again when the wait is for something else by then. */
  readonly noticeMs: number
}

interface Watched {
  /** What it waits for, as far as anybody said. */
  what: string | undefined
  dueAt: number
}

/** One sleeper for all steps in flight: a run whose steps are quick pays for two writes into a map. */
export function createWaits({ progress, writer, clock, noticeMs }: WaitsOptions): Waits {
  const watched = new Map<string, Watched>()
  const closing = new AbortController()
  let watching: Promise<void> | undefined

  async function watch(): Promise<void> {
    while (watched.size > 0) {
      const next = Math.min(...[...watched.values()].map(({ dueAt }) => dueAt))
      // Those that are due one after another are noted together.
      await clock.sleep(Math.max(noticeMs / 5, next - clock.now()), { signal: closing.signal })
      const now = clock.now()
      for (const [about, wait] of watched) if (wait.dueAt <= now) note(about, wait)
    }
    // In the same breath as the last look: who comes later must find that nobody watches.
    watching = undefined
  }

  function note(about: string, wait: Watched): void {
    wait.dueAt = clock.now() + noticeMs
    const what = wait.what ?? 'the platform or the guest to do its part'
    if (progress.waits.get(about)?.for === what) return
    writer.write({ type: 'wait.noted', data: { about, for: what } }, [headOf(progress)])
  }

  return {
    async during(about, work) {
      const wait: Watched = { what: undefined, dueAt: clock.now() + noticeMs }
      watched.set(about, wait)
      // The sleeper ends with the run; what it could not write the writer's next user meets too.
      watching ??= watch().catch(() => {})
      try {
        return await work((what) => {
          wait.what = what
        })
      } finally {
        watched.delete(about)
      }
    },
    ended: (about) => (progress.waits.has(about) ? [headOf(progress)] : []),
    async close() {
      closing.abort()
      await watching
    },
  }
}

/** The head says what the run waits for; asked when the transaction is made, so that it is the latest. */
function headOf(progress: Progress): DocumentUpdate {
  const key = updateHead(progress.runId, {}).key
  return { key, update: (value) => updateHead(progress.runId, { waiting: waitOf(progress) }).update(value) }
}

function waitOf({ waits }: Progress): { readonly for: string } | undefined {
  const [first] = waits
  if (first === undefined) return undefined
  const [about, { for: what }] = first
  const others = waits.size === 1 ? '' : ` (and ${waits.size - 1} more)`
  return { for: `${what}, in ${about}${others}` }
}
