import type { Closeable } from '@vmunit/core'

/** One vim25 request, without envelope and session. */
export interface VimRequest {
  /** The name of the method: `RetrievePropertiesEx`. */
  readonly method: string
  /** The XML of the method element, with its namespace declared: `<PowerOnVM_Task xmlns="urn:vim25">…</PowerOnVM_Task>`. */
  readonly body: string
  /** Travels in the SOAP header `operationID`, so that the logs of vCenter can be searched for it. */
  readonly operationId?: string | undefined
  /** The value of the `Cookie` header that {@link VimAnswer.cookie} gave; absent before login. */
  readonly cookie?: string | undefined
}

/** The answer to a request, whatever it says: a SOAP fault is an answer as well. */
export interface VimAnswer {
  /** The HTTP status; 200 when the transport does not know it. */
  readonly status: number
  /** The whole XML document with its envelope; bytes are UTF-8. Empty when it was handed to {@link SendOptions.onText}. */
  readonly body: Uint8Array | string
  /** What to send as `Cookie` from now on, when the answer sets one. */
  readonly cookie?: string | undefined
}

/** How long a transport may take, and who may give up earlier. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined
  /** From the call to the last byte of the answer. Passing it rejects with `ERR_TIMEOUT`, retryable. */
  readonly timeoutMs: number
  /**
   * Takes the document while it comes. A transport may ignore it and give the whole document in the answer; it must do
   * so when the status is not 200.
   */
  readonly onText?: ((text: string) => void) | undefined
  /**
   * Given for a request that changes something. A transport asks it when nothing lies any more between the request and
   * its connection, not a queue nor a handshake: what it throws, `send` rejects with, and nothing has left.
   */
  readonly permit?: (() => void) | undefined
}

/** A transport that is logged in by what it wraps: the driver then neither logs in nor out. */
export interface OwnSession {
  /**
   * Logs in again after the platform answered `NotAuthenticated`. Called by one caller at a time; the request is
   * then repeated once. Rejects with `ERR_UNAUTHENTICATED` when the credentials are refused or there are none.
   */
  renew(options: SendOptions): Promise<void>
}

/**
 * Carries requests to one vim25 endpoint and answers back. It knows nothing of what they mean.
 *
 * `send` may be called many times at once, also while a `WaitForUpdatesEx` is pending for minutes. It rejects with a
 * `VmunitError` (`ERR_UNAVAILABLE`, retryable, for everything that may pass by itself) only when there is no answer,
 * with `signal.reason` at once when the signal aborts, and leaves no listener on the signal. It never repeats a
 * request: whether that is safe, only the driver knows. After `close`, `send` rejects with `ERR_CLOSED`; requests that
 * are pending then reject as well.
 */
export interface Transport extends Closeable {
  /** Absent: the driver logs in, and hands the cookie of its session to each request. */
  readonly session?: OwnSession | undefined
  send(request: VimRequest, options: SendOptions): Promise<VimAnswer>
}
