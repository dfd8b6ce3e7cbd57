import { getEventListeners } from 'node:events'
import { VmunitError } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { within } from '../../../src/node-vsphere-soap/within.ts'

const never = new Promise<never>(() => {})

function bounds(): { readonly caller: AbortController; readonly closing: AbortController } {
  return { caller: new AbortController(), closing: new AbortController() }
}

describe('within', () => {
  it('rejects at once with the reason of the signal, also of one that has aborted before', async () => {
    const { caller, closing } = bounds()
    const reason = new Error('enough')
    const waiting = within(never, { signal: caller.signal, timeoutMs: 60_000, closed: closing.signal, what: 'x' })
    caller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    const late = within(never, { signal: caller.signal, timeoutMs: 60_000, closed: closing.signal, what: 'x' })
    await expect(late).rejects.toBe(reason)
  })

  it('rejects when the transport is closed', async () => {
    const { closing } = bounds()
    const waiting = within(never, { timeoutMs: 60_000, closed: closing.signal, what: 'x' })
    const reason = new VmunitError('ERR_CLOSED', 'closed')
    closing.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })

  it('says what took too long', async () => {
    const { closing } = bounds()
    const waiting = within(never, { timeoutMs: 1, closed: closing.signal, what: 'CurrentTime at vcenter' })
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_TIMEOUT', retryable: true })
    await expect(waiting).rejects.toThrow('CurrentTime at vcenter did not end within 1 ms')
  })

  it('leaves no listener, and no rejection that nobody handles', async () => {
    const { caller, closing } = bounds()
    const { promise, reject } = Promise.withResolvers<string>()
    const given = { signal: caller.signal, timeoutMs: 60_000, closed: closing.signal, what: 'x' }
    expect(await within(Promise.resolve('answer'), given)).toBe('answer')
    expect(getEventListeners(caller.signal, 'abort')).toEqual([])
    const waiting = within(promise, given)
    caller.abort()
    await expect(waiting).rejects.toThrow()
    reject(new Error('nobody waits any more'))
    expect(getEventListeners(closing.signal, 'abort')).toEqual([])
  })
})
