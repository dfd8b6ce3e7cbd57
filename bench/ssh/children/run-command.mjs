// Runs one command in every guest, and a second one over the open connections; prints how long the second took.
// node run-command.mjs <file of guests> <private key file>
import { readFileSync } from 'node:fs'
import { createSshAccess } from '@vmunit/driver-ssh'

const [guestsFile = '', keyFile = ''] = process.argv.slice(2)
const targets = JSON.parse(readFileSync(guestsFile, 'utf8'))
const access = createSshAccess({ username: 'root', privateKey: readFileSync(keyFile) })
const guests = await Promise.all(
  targets.map(async (target) => {
    const guest = await access.open(target)
    const { exitCode } = await guest.exec({ argv: ['true'] })
    if (exitCode !== 0) throw new Error(`${target.address} answered with ${exitCode}`)
    return guest
  }),
)
const cold = performance.now()
await Promise.all(guests.map(async (guest) => await guest.exec({ argv: ['true'] })))
process.stdout.write(JSON.stringify({ coldMs: cold, secondMs: performance.now() - cold }))
await access.close()
