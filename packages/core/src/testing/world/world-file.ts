import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { appendFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemClock } from '../../internal/system-clock.ts'
import type { WorldEvent } from './event.ts'
import { restoreSnapshot } from './restore.ts'
import { readSnapshot, takeSnapshot } from './snapshot.ts'
import type { WorldState } from './state.ts'

const SAVE_INTERVAL_MS = 250
/** Saving a large world takes at most one part in so many of the process's time. */
const SAVE_SHARE = 10

/** Keeps a world on disk: its log, its contents and the newest picture of the rest. */
export interface WorldFile {
  /** Resolves when everything until now is on disk. */
  saved(): Promise<void>
  /** The same, and nothing is written afterwards. */
  close(): Promise<void>
}

/**
 * Restores a world from its file, if there is one, and writes down from then on what changes.
 *
 * Log and state are written together. What a crash cut off is gone from both, so the log never tells of work
 * that the state does not show.
 */
export function openWorldFile(state: WorldState, logPath: string): WorldFile {
  const statePath = join(dirname(logPath), 'state.json')
  const blobPath = join(dirname(logPath), 'blobs.jsonl')
  const written = new Set<string>()
  let savedSeq = 0
  let changed = false
  let saving: Promise<void> | undefined
  let closed = false

  mkdirSync(dirname(logPath), { recursive: true })
  load()

  function load(): void {
    if (!existsSync(statePath)) return
    const snapshot = readSnapshot(readFileSync(statePath, 'utf8'))
    const blobs = new Map<string, Uint8Array>()
    for (const { hash, base64 } of readLines<Blob>(blobPath)) blobs.set(hash, Buffer.from(base64, 'base64'))
    restoreSnapshot(state, snapshot, blobs)
    const events = readLines<WorldEvent>(logPath)
    const kept = events.filter(({ seq }) => seq <= snapshot.seq)
    if (kept.length < events.length) writeFileSync(logPath, linesOf(kept))
    for (const hash of blobs.keys()) written.add(hash)
    state.log.restore(kept)
    savedSeq = kept.length
  }

  async function save(): Promise<number> {
    const began = performance.now()
    changed = false
    const blobs: Blob[] = []
    const snapshot = takeSnapshot(state, ({ hash, bytes }) => {
      if (written.has(hash)) return
      written.add(hash)
      blobs.push({ hash, base64: Buffer.from(bytes).toString('base64') })
    })
    const events = linesOf(state.log.events.slice(savedSeq))
    const text = JSON.stringify(snapshot)
    const tookMs = performance.now() - began
    await appendFile(logPath, events)
    savedSeq = snapshot.seq
    if (blobs.length > 0) await appendFile(blobPath, linesOf(blobs))
    await writeFile(`${statePath}.new`, text)
    await rename(`${statePath}.new`, statePath)
    return tookMs
  }

  async function saveWhileChanging(): Promise<void> {
    let tookMs = 0
    while (changed && !closed) {
      await systemClock.sleep(Math.max(SAVE_INTERVAL_MS, SAVE_SHARE * tookMs))
      tookMs = await exclusively()
    }
  }

  async function exclusively(): Promise<number> {
    while (saving !== undefined) await saving
    const { promise, resolve } = Promise.withResolvers<void>()
    saving = promise
    try {
      return changed ? await save() : 0
    } finally {
      saving = undefined
      resolve()
    }
  }

  let loop: Promise<void> | undefined
  state.log.onChange = () => {
    changed = true
    if (closed) return
    // A disk that refuses is reported by `saved` and `close`, which try again.
    loop ??= saveWhileChanging()
      .catch(() => {})
      .finally(() => {
        loop = undefined
      })
  }

  const saved = async (): Promise<void> => void (await exclusively())
  return {
    saved,
    async close() {
      if (closed) return
      closed = true
      await saved()
    },
  }
}

interface Blob {
  readonly hash: string
  readonly base64: string
}

function linesOf(items: readonly unknown[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join('')
}

/** A last line without its end is what a crash left of it; the next line must not be appended to that. */
function readLines<T>(path: string): readonly T[] {
  if (!existsSync(path)) return []
  const text = readFileSync(path, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) writeFileSync(path, whole)
  return whole
    .split('\n')
    .slice(0, -1)
    .map((line): T => JSON.parse(line))
}
