import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import type { Call } from '../../ports/index.ts'
import { assertRejects } from './assert-rejects.ts'
import type { Lab } from './contract-rule.ts'
import { promptly } from './promptly.ts'

/** Calls of a port by name, each with the options that all calls share. */
export type Calls = Readonly<Record<string, (call: Call) => Promise<unknown>>>

/** Asserts that each call rejects with the very reason of a signal that is aborted already. */
export async function assertAborted(lab: Lab, calls: Calls): Promise<void> {
  for (const [name, begin] of Object.entries(calls)) {
    const reason = new Error(`stop ${name}`)
    await assertRejectsWithReason(lab, begin({ signal: AbortSignal.abort(reason) }), reason)
  }
}

/** Asserts that each call asks `permit`, and rejects with the very error that it throws. */
export async function assertRefused(lab: Lab, calls: Calls): Promise<void> {
  for (const [name, begin] of Object.entries(calls)) {
    const refusal = new Error(`${name} is not permitted`)
    const permit = (): never => {
      throw refusal
    }
    const seen = await promptly(
      lab,
      begin({ permit }).catch((error: unknown) => error),
    )
    assert.equal(seen, refusal, `${name} must reject with what permit threw, but gave ${String(seen)}`)
  }
}

/** Asserts that a call rejects with this very reason, soon. */
export async function assertRejectsWithReason(lab: Lab, promise: Promise<unknown>, reason: Error): Promise<void> {
  const seen = await promptly(
    lab,
    promise.then(
      () => undefined,
      (error: unknown) => error,
    ),
  )
  assert.equal(seen, reason, `must reject with signal.reason (${reason.message}), but gave ${String(seen)}`)
}

/** Asserts that each call, one after another, succeeds and leaves no listener on its signal. */
export async function assertNoListeners(lab: Lab, calls: Calls): Promise<void> {
  for (const [name, begin] of Object.entries(calls)) {
    const { signal } = new AbortController()
    await promptly(lab, begin({ signal }))
    await turn()
    assert.equal(getEventListeners(signal, 'abort').length, 0, `${name} left a listener on its signal`)
  }
}

/** Asserts that each call rejects with `ERR_CLOSED`. */
export async function assertClosed(lab: Lab, calls: Calls): Promise<void> {
  for (const begin of Object.values(calls)) await assertRejects(promptly(lab, begin({})), 'ERR_CLOSED')
}

/** Collects fractions of progress, and asserts at the end that they lie in 0..1 and never fall. */
export function progressProbe(): { readonly onProgress: (fraction: number) => void; check(): void } {
  const seen: number[] = []
  return {
    onProgress: (fraction) => void seen.push(fraction),
    check() {
      assert.ok(
        seen.every((fraction) => fraction >= 0 && fraction <= 1),
        `fractions outside 0..1: ${seen.join(' ')}`,
      )
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
        'progress fell',
      )
    },
  }
}
