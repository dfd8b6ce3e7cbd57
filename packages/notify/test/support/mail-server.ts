import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Certificate, makeCertificate } from './certificate.ts'

export interface ReceivedMail {
  readonly message: string
  readonly secure: boolean
  readonly user?: string
}

export interface MailRoom extends AsyncDisposable {
  readonly port: number
  readonly certificate: Certificate
  readonly mails: readonly ReceivedMail[]
  /** Resolves when so many have arrived. */
  arrived(count: number): Promise<void>
}

export interface MailRoomOptions {
  readonly secure?: boolean
  readonly offersTls?: boolean
  readonly password?: string
  readonly refusals?: readonly number[]
}

/** A real SMTP server in a process of its own, on a loopback port. */
export async function openMailRoom(options: MailRoomOptions = {}): Promise<MailRoom> {
  const { secure = false, offersTls = true, refusals = [], password } = options
  const certificate = await makeCertificate()
  const child = fork(fileURLToPath(new URL('../integration/children/smtp-server.ts', import.meta.url)), {
    execArgv: ['--conditions=@vmunit/source'],
  })
  child.send({ ...certificate, secure, offersTls, refusals, ...(password !== undefined && { password }) })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  const mails: ReceivedMail[] = []
  child.on('message', (mail: ReceivedMail) => mails.push(mail))
  return {
    port,
    certificate,
    mails,
    async arrived(count) {
      while (mails.length < count) await once(child, 'message')
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
