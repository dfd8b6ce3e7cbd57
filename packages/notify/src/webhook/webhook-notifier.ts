import { createHmac } from 'node:crypto'
import { type Notifier, VmunitError } from '@vmunit/core'
import { readSecret, type Secret } from '../secret.ts'
import { unreachable } from '../unreachable.ts'
import { within } from '../within.ts'

export interface WebhookNotifierOptions {
  /** `https:`; `http:` only with `plaintext: true`. */
  readonly url: string
  readonly plaintext?: boolean | undefined
  /** For a token, for example; values are read when they are used. */
  readonly headers?: Readonly<Record<string, Secret>> | undefined
  /** With it, `X-Vmunit-Signature: sha256=…` is the HMAC of the body, by which the receiver knows who speaks. */
  readonly signingSecret?: Secret | undefined
  /** How long one call may take. Default 30,000. */
  readonly timeoutMs?: number | undefined
}

/**
 * Posts notices as JSON to a web hook. The `Idempotency-Key` is the notice's id, also when it is posted twice.
 *
 * An answer of 2xx is success; 408, 425, 429 and 5xx are tried again; any other one stops the delivery.
 *
 * @throws {@link VmunitError} `ERR_INVALID_INPUT` for an address that is no web address, not encrypted, or holds a login.
 */
export function createWebhookNotifier(options: WebhookNotifierOptions): Notifier {
  const { headers = {}, signingSecret, timeoutMs = 30_000 } = options
  const url = checkedUrl(options)
  return {
    async notify(notice, call = {}) {
      call.signal?.throwIfAborted()
      const body = JSON.stringify(notice)
      const all = new Headers({ 'content-type': 'application/json', 'idempotency-key': notice.id })
      for (const [name, value] of Object.entries(headers)) all.set(name, await readSecret(value))
      if (signingSecret !== undefined) {
        const signature = createHmac('sha256', await readSecret(signingSecret))
          .update(body)
          .digest('hex')
        all.set('x-vmunit-signature', `sha256=${signature}`)
      }
      const signal = within(timeoutMs, call.signal)
      const status = await post({ url, headers: all, body, signal }).catch((error: unknown) => {
        call.signal?.throwIfAborted()
        throw unreachable(`The web hook ${url.host}`, error)
      })
      if (status >= 200 && status < 300) return
      if (status >= 500 || PASSING.has(status)) throw unreachable(`The web hook ${url.host}`, `it answered ${status}`)
      throw new VmunitError(
        'ERR_DRIVER',
        `The web hook ${url.host} refused the notice with ${status}. Check its address and its token.`,
        { details: { host: url.host, status } },
      )
    },
  }
}

const PASSING: ReadonlySet<number> = new Set([408, 425, 429])

interface Posting {
  readonly url: URL
  readonly headers: Headers
  readonly body: string
  readonly signal: AbortSignal
}

async function post({ url, headers, body, signal }: Posting): Promise<number> {
  // A redirect could lead the token elsewhere.
  const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
  await response.body?.cancel()
  return response.status
}

function checkedUrl({ url, plaintext = false }: WebhookNotifierOptions): URL {
  const parsed = URL.parse(url)
  const isSafe = parsed?.protocol === 'https:' || (plaintext && parsed?.protocol === 'http:')
  if (parsed !== null && (parsed.username !== '' || parsed.password !== '')) {
    throw new VmunitError(
      'ERR_INVALID_INPUT',
      'The address of a web hook holds no user name and password. Pass them as the header authorization.',
    )
  }
  if (parsed !== null && isSafe) return parsed
  throw new VmunitError(
    'ERR_INVALID_INPUT',
    'The address of a web hook begins with https://. For http:// pass plaintext: true.',
  )
}
