import { createHash } from 'node:crypto'
import type { Notice, Notifier } from '@vmunit/core'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { readSecret, type Secret } from '../secret.ts'
import { within } from '../within.ts'
import { mailError } from './mail-error.ts'
import { openSocket } from './open-socket.ts'

export interface MailServer {
  readonly host: string
  /** Default 465 with `tls`, else 587. */
  readonly port?: number | undefined
  /** `starttls`, the default, and `tls` refuse to go on without encryption. `none` is for a relay on the same machine. */
  readonly encryption?: 'starttls' | 'tls' | 'none' | undefined
  /** Certificates in PEM that the server's must descend from; default: those that Node trusts. */
  readonly ca?: string | undefined
  readonly login?: { readonly username: string; readonly password: Secret } | undefined
}

export interface MailNotifierOptions {
  readonly server: MailServer
  readonly from: string
  readonly to: readonly string[]
  /** Stands in front of each subject. Default `[vmunit]`. */
  readonly prefix?: string | undefined
  /** How long one mail may take. Default 30,000. */
  readonly timeoutMs?: number | undefined
}

/**
 * Brings notices by mail, over SMTP. Each has a connection of its own, so that there is nothing to close.
 *
 * A notice that is delivered twice has the same Message-ID, by which mail programs show it once. It counts as delivered
 * when every recipient was accepted.
 *
 * @example
 * ```ts
 * const mail = createMailNotifier({ server: { host: 'mail.example.com' }, from: 'vmunit@example.com', to: ['ops@example.com'] })
 * await manager.notices.deliver('mail', mail, { follow: true, signal })
 * ```
 */
export function createMailNotifier(options: MailNotifierOptions): Notifier {
  const { server, from, to, prefix = '[vmunit]', timeoutMs = 30_000 } = options
  return {
    async notify(notice, call = {}) {
      call.signal?.throwIfAborted()
      const limit = within(timeoutMs, call.signal)
      await send(server, limit, {
        from,
        to: [...to],
        subject: oneLine(`${prefix} ${notice.subject}`),
        text: bodyOf(notice),
        messageId: messageId(notice.id, from),
        date: new Date(notice.time),
        headers: { 'X-Vmunit-Notice': oneLine(notice.id) },
      }).catch((error: unknown) => {
        call.signal?.throwIfAborted()
        throw mailError(server.host, error)
      })
    },
  }
}

async function send(server: MailServer, signal: AbortSignal, message: SendMailOptions): Promise<void> {
  const { host, encryption = 'starttls', login, ca } = server
  const isTls = encryption === 'tls'
  const auth = login === undefined ? undefined : { user: login.username, pass: await readSecret(login.password) }
  await using socket = await openSocket({ host, port: server.port ?? (isTls ? 465 : 587) }, signal)
  const transport = createTransport({
    host,
    connection: socket.socket,
    secure: isTls,
    requireTLS: encryption === 'starttls',
    ignoreTLS: encryption === 'none',
    disableFileAccess: true,
    disableUrlAccess: true,
    tls: { servername: host, ...(ca !== undefined && { ca }) },
    ...(auth !== undefined && { auth }),
  })
  const { rejectedErrors = [] } = await Promise.race([transport.sendMail(message), socket.aborted])
  // To nodemailer a mail is sent when one of its recipients was accepted.
  const [refusal] = rejectedErrors
  if (refusal !== undefined) throw refusal
}

function bodyOf({ text, run, server, request, time }: Notice): string {
  const facts = [
    ['When', new Date(time).toISOString()],
    ['Run', run],
    ['Server', server],
    ['Request', request],
  ].filter(([, value]) => value !== undefined)
  return `${text}\n\n${facts.map(([name, value]) => `${name}: ${value}`).join('\n')}\n`
}

function messageId(id: string, from: string): string {
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'vmunit.invalid'
  return `<${createHash('sha256').update(id).digest('hex').slice(0, 40)}@${domain}>`
}

/** A line break in a header would begin another header. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
