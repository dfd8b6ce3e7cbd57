import * as z from 'zod'
import type { Parser } from '../domain/plain.ts'
import { hasEnded } from '../domain/run-state.ts'
import { compactRun } from '../engine/archive.ts'
import { runDocumentParser } from '../engine/documents.ts'
import type { EngineOptions } from '../engine/engine-options.ts'
import { loadRun } from '../engine/load-run.ts'
import { isVmunitError } from '../errors/index.ts'
import type { Call } from '../ports/index.ts'
import type { RetentionPolicy } from './manager.ts'
import { parseInput } from './parse-input.ts'

const policyParser: Parser<RetentionPolicy> = z.strictObject({
  keepMs: z.number().nonnegative(),
  keepLast: z.int().nonnegative().optional(),
})

/** Compacts every run that the policy lets go of; resolves to the ids of those that were compacted now. */
export async function compactRuns(
  { store, owner, timing }: EngineOptions,
  policy: RetentionPolicy,
  call: Call = {},
): Promise<readonly string[]> {
  const { keepMs, keepLast = 0 } = parseInput(policyParser, policy, 'compact')
  const before = (await store.now(call)) - keepMs
  const ended: { readonly runId: string; readonly isCompacted: boolean }[] = []
  for await (const { key, value } of store.list('run/', call)) {
    const { state, compacted } = runDocumentParser.parse(value)
    if (hasEnded(state)) ended.push({ runId: key.slice('run/'.length), isCompacted: compacted === true })
  }
  // Ids sort by the time of creation.
  const candidates = ended.slice(0, Math.max(0, ended.length - keepLast))
  const compacted: string[] = []
  for (const { runId, isCompacted } of candidates) {
    call.signal?.throwIfAborted()
    if (isCompacted || (await loadRun(store, runId, call)).updatedAt > before) continue
    try {
      await compactRun(store, { runId, owner, leaseMs: timing.leaseMs }, call)
      compacted.push(runId)
    } catch (error) {
      // Another process compacts it now.
      if (!isVmunitError(error, 'ERR_LOCKED')) throw error
    }
  }
  return compacted
}
