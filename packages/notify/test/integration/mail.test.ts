import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createMailNotifier, type MailServer } from '../../src/index.ts'
import { type MailRoom, openMailRoom } from '../support/mail-server.ts'
import { NOTICE } from '../support/notice.ts'

function notifier(room: MailRoom, server: Partial<MailServer> = {}) {
  const all = { host: 'localhost', port: room.port, ca: room.certificate.cert, ...server }
  return createMailNotifier({ server: all, from: 'vmunit@example.com', to: ['ops@example.com', 'desk@example.com'] })
}

describe('mail', () => {
  it('arrives over STARTTLS, with the facts in it and no header of its own making', async () => {
    await using room = await openMailRoom()
    await notifier(room).notify(NOTICE)
    await room.arrived(1)
    const [mail] = room.mails
    expect(mail?.secure).toBe(true)
    const [head = ''] = (mail?.message ?? '').split('\r\n\r\n')
    expect(head).toContain('From: vmunit@example.com')
    expect(head).toContain('To: ops@example.com, desk@example.com')
    expect(head).toContain('Subject: [vmunit] vmgroup_1 failed in stop on gyoumu_a Bcc:')
    expect(head).not.toMatch(/^Bcc:/m)
    expect(head).toMatch(/^Message-ID: <[0-9a-f]{40}@example\.com>$/m)
    expect(head).toMatch(/^X-Vmunit-Notice: 20260105T101112000-stop-1a2b3c4d#7$/m)
  })

  it('delivered twice has the same id', async () => {
    await using room = await openMailRoom()
    const mail = notifier(room)
    await mail.notify(NOTICE)
    await mail.notify(NOTICE)
    await room.arrived(2)
    const ids = room.mails.map(({ message }) => /^Message-ID: (.*)$/m.exec(message)?.[1])
    expect(new Set(ids).size).toBe(1)
  })

  it('arrives over TLS from the first byte, after a login', async () => {
    await using room = await openMailRoom({ secure: true, password: 'correct horse' })
    const login = { username: 'vmunit', password: () => 'correct horse' }
    await notifier(room, { encryption: 'tls', login }).notify(NOTICE)
    await room.arrived(1)
    expect(room.mails[0]).toMatchObject({ secure: true, user: 'vmunit' })
  })

  it('a refused login does not pass, and shows no password', async () => {
    await using room = await openMailRoom({ password: 'correct horse' })
    const login = { username: 'vmunit', password: 'battery staple' }
    const error = await notifier(room, { login })
      .notify(NOTICE)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_UNAUTHENTICATED', retryable: false })
    expect(JSON.stringify([error, String(error)])).not.toContain('battery')
  })

  it.for<readonly [string, boolean, Partial<MailServer>]>([
    ['offers no encryption', false, {}],
    ['shows a certificate that nobody vouches for', true, { ca: '' }],
  ])('is not sent to a server that %s', async ([, offersTls, server]) => {
    await using room = await openMailRoom({ offersTls })
    const { ca, ...rest } = server
    const options =
      ca === ''
        ? { host: 'localhost', port: room.port }
        : { host: 'localhost', port: room.port, ca: room.certificate.cert }
    const mail = createMailNotifier({ server: { ...options, ...rest }, from: 'a@example.com', to: ['b@example.com'] })
    await expect(mail.notify(NOTICE)).rejects.toMatchObject({ code: 'ERR_DRIVER', retryable: false })
    expect(room.mails).toEqual([])
  })

  it('goes unencrypted only when that was asked for', async () => {
    await using room = await openMailRoom({ offersTls: false })
    await notifier(room, { encryption: 'none' }).notify(NOTICE)
    await room.arrived(1)
    expect(room.mails[0]?.secure).toBe(false)
  })

  it('a recipient that is refused for now may be tried again, one that is refused for good not', async () => {
    await using room = await openMailRoom({ refusals: [451, 451, 550, 550] })
    const mail = notifier(room)
    await expect(mail.notify(NOTICE)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    await expect(mail.notify(NOTICE)).rejects.toMatchObject({ code: 'ERR_DRIVER', retryable: false })
    await mail.notify(NOTICE)
  })

  it('one recipient of two that is refused is not passed over', async () => {
    await using room = await openMailRoom({ refusals: [451] })
    await expect(notifier(room).notify(NOTICE)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    await notifier(room).notify(NOTICE)
  })

  it('a server that is away may be tried again', async () => {
    const room = await openMailRoom()
    await room[Symbol.asyncDispose]()
    await expect(notifier(room).notify(NOTICE)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
  })

  it('aborted, it rejects with the reason and hangs up', async () => {
    // Never says a word: the other side waits for the greeting.
    const silent = createServer()
    const connected = new Promise<void>((resolve) => {
      silent.on('connection', (socket) => {
        socket.on('error', () => {})
        socket.on('close', () => hungUp.resolve())
        resolve()
      })
    })
    const hungUp = Promise.withResolvers<void>()
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve)
    })
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const stop = new AbortController()
    const mail = createMailNotifier({
      server: { host: '127.0.0.1', port, encryption: 'none' },
      from: 'a@example.com',
      to: ['b@example.com'],
    })
    const sending = mail.notify(NOTICE, { signal: stop.signal })
    await connected
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(sending).rejects.toBe(reason)
    await hungUp.promise
    silent.close()
  })
})
