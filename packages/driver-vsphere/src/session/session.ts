import { isVmunitError, VmunitError } from '../errors.ts'
import { faultError } from '../faults/fault-error.ts'
import { abortable } from '../internal/abortable.ts'
import { pause } from '../internal/pause.ts'
import type { Reference } from '../properties/reference.ts'
import { methodElement } from '../soap/element.ts'
import { readDocument } from '../soap/read-document.ts'
import { childOf, type XmlNode } from '../soap/xml-node.ts'
import type { Transport, VimRequest } from '../transport/transport.ts'
import { replyOf } from './exchange.ts'
import { createLogin, type LoginOptions } from './login.ts'
import type { ServiceContent } from './service-content.ts'
import { SessionLost } from './session-lost.ts'

/** A call of a method on a managed object. */
export interface VimCall {
  readonly method: string
  readonly self: Reference
  /** Arguments as XML, in the order of the schema. */
  readonly content?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly operationId?: string | undefined
  /** Changes nothing, so it is repeated when a connection breaks. */
  readonly isRead?: boolean | undefined
  /** Asked before each sending, however often it is repeated; what it throws, the call rejects with. */
  readonly permit?: (() => void) | undefined
  /** @defaultValue that of the session */
  readonly timeoutMs?: number | undefined
  /** Makes what takes an answer while it comes, anew for each attempt. */
  readonly sink?: (() => (text: string) => void) | undefined
}

/** Calls to one endpoint, in one session that is opened when it is needed and opened anew when it is lost. */
export interface Session {
  readonly transport: Transport
  /** Rises with every login: what belonged to the session before is gone. */
  generation(): number
  content(signal?: AbortSignal): Promise<ServiceContent>
  /** Logs in now. Without it, the first call does. */
  open(): Promise<void>
  /**
   * Sends a call and hands its answer to `read`, or nothing when it went to the sink. `NotAuthenticated`, or a {@link SessionLost} from `read`, logs in
   * again and repeats the call: the platform did not act on it.
   */
  ask<T>(call: VimCall, read: (xml: string) => T | Promise<T>): Promise<T>
  /** The `returnval` of a call. */
  call(call: VimCall): Promise<XmlNode | undefined>
  close(): Promise<void>
}

/** What a session is made of. */
export interface SessionOptions extends LoginOptions {
  readonly keepAliveMs: number
}

// Pauses before a read that a broken connection swallowed is sent again.
const READ_PAUSES_MS: readonly number[] = [50, 250, 1_000]
const LOGOUT_MS = 5_000
// For one call. Sessions that are opened and lost at once are ended by somebody.
const MAX_LOGINS = 3

/** A session over a transport. Nothing is sent before the first call. */
export function createSession(options: SessionOptions): Session {
  const { transport, timeoutMs, keepAliveMs } = options
  const login = createLogin(options)
  let lastSent = performance.now()
  let isClosed = false
  const keepAlive = setInterval(() => {
    if (performance.now() - lastSent < keepAliveMs || login.generation() === 0) return
    // A failure here shows again in the next call that somebody waits for.
    touch().catch(() => {})
  }, keepAliveMs / 2).unref()

  async function touch(): Promise<void> {
    const { sessionManager } = await login.content()
    const property = '<propSet><type>SessionManager</type><pathSet>currentSession.key</pathSet></propSet>'
    const object = `<objectSet><obj type="SessionManager">${sessionManager.id}</obj></objectSet>`
    const { propertyCollector } = await login.content()
    const content = `<specSet>${property}${object}</specSet><options/>`
    await call({ method: 'RetrievePropertiesEx', self: propertyCollector, content })
  }

  async function once<T>(vimCall: VimCall, read: (xml: string) => T | Promise<T>): Promise<T> {
    const { method, self, signal, operationId, permit } = vimCall
    const body = methodElement(method, self, vimCall.content ?? '')
    for (let logins = 0; ; logins += 1) {
      const { cookie, generation } = await abortable(login.open(), signal)
      const request: VimRequest = { method, body, operationId, cookie }
      lastSent = performance.now()
      const onText = vimCall.sink?.()
      const limitMs = vimCall.timeoutMs ?? timeoutMs
      // The transport asks again, later; one that somebody else wrote may not.
      permit?.()
      const answer = await transport.send(request, { signal, timeoutMs: limitMs, onText, permit })
      const isTaken = onText !== undefined && answer.status === 200 && answer.body.length === 0
      const reply = isTaken ? { xml: '' } : await replyOf(request, answer)
      if ('xml' in reply) {
        try {
          return await read(reply.xml)
        } catch (error) {
          if (!(error instanceof SessionLost)) throw error
        }
      } else if (reply.fault.name !== 'NotAuthenticated') {
        throw faultError(reply.fault, `${method} of ${self.id}`)
      }
      if (logins === MAX_LOGINS) throw stillRefused(method)
      login.lost(generation)
    }
  }

  async function ask<T>(vimCall: VimCall, read: (xml: string) => T | Promise<T>): Promise<T> {
    vimCall.signal?.throwIfAborted()
    if (isClosed) throw closed()
    for (const ms of vimCall.isRead === true ? READ_PAUSES_MS : []) {
      try {
        return await once(vimCall, read)
      } catch (error) {
        if (!isVmunitError(error, 'ERR_UNAVAILABLE') || !error.retryable || isClosed) throw error
        await pause(ms, vimCall.signal)
      }
    }
    return await once(vimCall, read)
  }

  async function call(vimCall: VimCall): Promise<XmlNode | undefined> {
    return await ask(vimCall, async (xml) => {
      const response = childOf(await readDocument(xml), 'Body')?.children[0]
      return childOf(response, 'returnval')
    })
  }

  return {
    transport,
    generation: login.generation,
    content: async (signal) => {
      signal?.throwIfAborted()
      if (isClosed) throw closed()
      return await abortable(login.content(), signal)
    },
    async open() {
      await login.open()
    },
    ask,
    call,
    async close() {
      if (isClosed) return
      isClosed = true
      clearInterval(keepAlive)
      await login.close(LOGOUT_MS)
      await transport.close()
    },
  }
}

function stillRefused(method: string): VmunitError {
  const message = `${method} is refused in fresh sessions too: see whether something ends the sessions of this user.`
  const details = { fault: 'NotAuthenticated' }
  return new VmunitError('ERR_UNAUTHENTICATED', message, { retryable: true, details })
}

function closed(): VmunitError {
  return new VmunitError('ERR_CLOSED', 'The vSphere driver is closed: connect again.')
}
