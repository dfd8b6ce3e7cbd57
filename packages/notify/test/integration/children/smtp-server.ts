import { SMTPServer } from 'smtp-server'

/** A mail server in a process of its own: takes what the parent says, and tells what it received. */
interface Settings {
  readonly key: string
  readonly cert: string
  readonly secure: boolean
  readonly offersTls: boolean
  readonly password?: string
  /** Answers to the first recipients, in order; then they are accepted. */
  readonly refusals: readonly number[]
}

process.once('message', (settings: Settings) => {
  const refusals = [...settings.refusals]
  const server = new SMTPServer({
    key: settings.key,
    cert: settings.cert,
    secure: settings.secure,
    disabledCommands: settings.offersTls ? [] : ['STARTTLS'],
    authOptional: settings.password === undefined,
    allowInsecureAuth: false,
    onAuth(auth, _session, done) {
      if (auth.password === settings.password) done(null, { user: auth.username ?? '' })
      else done(new Error('no'))
    },
    onRcptTo(address, _session, done) {
      const code = refusals.shift()
      if (code === undefined) done()
      else done(Object.assign(new Error(`refused ${address.address}`), { responseCode: code }))
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const message = Buffer.concat(chunks).toString()
        process.send?.({ message, secure: session.secure, user: session.user })
        done()
      })
    },
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1', () => {
    const address = server.server.address()
    process.send?.({ port: typeof address === 'object' ? address?.port : undefined })
  })
})
