import { randomUUID } from 'node:crypto'
import type { Principal } from '../../domain/principal.ts'
import { keys, plain } from '../../engine/documents.ts'
import { isVmunitError } from '../../errors/index.ts'
import type { Call, Logger, StateStore } from '../../ports/index.ts'
import type { Manager } from '../manager.ts'
import type { AuditRecord } from './audit-records.ts'

/** Which calls are written down: those that change something, or also those that only look. */
export type AuditScope = 'changes' | 'everything'

/** Every call that is no run and ends by itself. What is missing here is not written down. */
const CALLS: Readonly<Record<string, 'changes' | 'looks'>> = {
  'accounts.create': 'changes',
  'accounts.delete': 'changes',
  'accounts.changePassword': 'changes',
  'accounts.list': 'looks',
  'units.create': 'changes',
  'units.changeOwner': 'changes',
  'units.delete': 'changes',
  'units.get': 'looks',
  'units.list': 'looks',
  'units.info': 'looks',
  'units.servers': 'looks',
  'units.status': 'looks',
  'templates.register': 'changes',
  'templates.get': 'looks',
  'templates.list': 'looks',
  'definitions.add': 'changes',
  'definitions.get': 'looks',
  'definitions.export': 'looks',
  'definitions.compare': 'looks',
  'definitions.scopes': 'looks',
  'requests.list': 'looks',
  'notices.deliver': 'changes',
  acceptTraces: 'changes',
  answer: 'changes',
  compact: 'changes',
  diagnose: 'looks',
  explain: 'looks',
  remove: 'changes',
}

const PARTS = ['accounts', 'units', 'templates', 'definitions', 'requests', 'notices'] as const

const MAX_ABOUT = 256

export interface AuditOptions {
  readonly scope: AuditScope
  readonly store: StateStore
  readonly principal: Principal
  readonly logger?: Logger | undefined
  /** How many calls this process has written down: orders those of the same millisecond. */
  readonly count: { value: number }
  /** The manager is open, the store is its own, and who came in may still be here. */
  readonly enter: (call?: Call) => Promise<void>
}

type Method = (...given: unknown[]) => Promise<unknown>

/**
 * Lets a manager write down who calls what, and how it ends.
 *
 * The entry is there before the call does anything, so that nothing is done unseen: a call whose entry cannot be
 * written does nothing. Of what is passed only names are written, never a secret.
 */
export function audited(manager: Manager, options: AuditOptions): Manager {
  const isAudited = (call: string): boolean =>
    CALLS[call] !== undefined && (options.scope === 'everything' || CALLS[call] === 'changes')
  const wrap = <Part extends object>(part: Part, prefix: string): Part => {
    const methods = Object.entries(part)
      .filter(([name]) => isAudited(prefix + name))
      .map(([name, method]) => [name, withEntry(options, prefix + name, method as Method)])
    return { ...part, ...Object.fromEntries(methods) }
  }
  const parts = PARTS.map((part) => [part, wrap(manager[part], `${part}.`)])
  return { ...wrap(manager, ''), ...Object.fromEntries(parts) }
}

function withEntry(options: AuditOptions, call: string, method: Method): Method {
  const { store, principal, enter } = options
  return async (...given) => {
    await enter()
    const time = await store.now()
    const about = nameIn(given[0])
    const record: AuditRecord = {
      time,
      by: principal.name,
      role: principal.role,
      call,
      ...(about !== undefined && { about }),
      outcome: 'begun',
    }
    const key = keys.audit(entryId(time, (options.count.value += 1)))
    await store.commit({ put: [{ key, revision: 0, value: plain(record) }] })
    const end = async (outcome: Pick<AuditRecord, 'outcome' | 'code'>): Promise<void> =>
      await writeEnd(options, { key, record: { ...record, ...outcome } })
    try {
      const answer = await method(...given)
      await end({ outcome: 'done' })
      return answer
    } catch (error) {
      await end({ outcome: 'failed', ...(isVmunitError(error) && { code: error.code }) })
      throw error
    }
  }
}

/** What was done is done: an end that cannot be written leaves an entry that says so, and no error. */
async function writeEnd(
  { store, logger }: AuditOptions,
  { key, record }: { readonly key: string; readonly record: AuditRecord },
): Promise<void> {
  try {
    await store.commit({ put: [{ key, revision: 1, value: plain(record) }] })
  } catch (error) {
    logger?.warn('The end of a call could not be written down.', { call: record.call, entry: key, error })
  }
}

function nameIn(given: unknown): string | undefined {
  const names = typeof given === 'object' && given !== null ? Object.entries(given) : []
  const fields = names.filter(([field]) => field === 'name' || field === 'unit').map(([, value]) => value)
  return [given, ...fields].find((value) => typeof value === 'string')?.slice(0, MAX_ABOUT)
}

function entryId(time: number, count: number): string {
  const stamp = new Date(time).toISOString().replaceAll(/[-:.Z]/g, '')
  return `${stamp}-${String(count).padStart(8, '0')}-${randomUUID().slice(0, 8)}`
}
