import type { Plan } from '../domain/plan.ts'
import type { RunEvent } from '../domain/run-record.ts'
import { groupOfSlot } from '../domain/slot.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { unitsOf } from './claims.ts'
import { runEvent } from './load-progress.ts'
import { groupOfChange } from './progress.ts'

export interface HistoryOf {
  readonly unit: string
  readonly slot: string
  /** The newest that fit; at least this much is never exceeded. */
  readonly maxBytes: number
  /** Only this run; all by default. */
  readonly run?: string | undefined
}

/**
 * What the journals say about one server, one JSON text per line, oldest first: whole runs, the newest that fit.
 *
 * Plans are left out but for their operation and hash, so that a line stays a line.
 */
export async function serverHistory(store: StateStore, wanted: HistoryOf, call: Call = {}): Promise<string> {
  const ids: string[] = wanted.run === undefined ? [] : [wanted.run]
  if (wanted.run === undefined) {
    for await (const { key } of store.list('run/', call)) ids.push(key.slice('run/'.length))
  }
  const texts: string[] = []
  let bytes = 0
  for (const id of ids.toReversed()) {
    const text = await runHistory(store, { ...wanted, id }, call)
    if (bytes + text.length > wanted.maxBytes) break
    bytes += text.length
    texts.push(text)
  }
  return texts.toReversed().join('')
}

async function runHistory(
  store: StateStore,
  { id, unit, slot }: HistoryOf & { readonly id: string },
  call: Call,
): Promise<string> {
  let plan: Plan | undefined
  let text = ''
  for await (const record of store.journal(id, 1, call)) {
    const event = runEvent(record)
    if (event.type === 'run.created') plan = event.data.plan
    if (plan === undefined || !unitsOf(plan).includes(unit)) return ''
    if (concerns(event, slot)) text += `${JSON.stringify({ run: id, ...brief(event) })}\n`
  }
  return text
}

/** Records of the run as a whole, of the server's group, and of steps about the server or about no single one. */
function concerns(event: RunEvent, slot: string): boolean {
  if ('change' in event.data) return groupOfChange(event.data.change) === groupOfSlot(slot)
  if ('group' in event.data) return event.data.group === groupOfSlot(slot)
  if ('step' in event.data) return event.data.step.includes(slot) || event.data.step.startsWith(`${groupOfSlot(slot)}/`)
  return true
}

function brief({ checksum: _checksum, ...event }: RunEvent): object {
  if (event.type !== 'run.created') return event
  const { plan, principal } = event.data
  return { ...event, data: { operation: plan.operation, hash: plan.hash, principal } }
}
