import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from './message-of.ts'
import { startTestbed, type Testbed } from './testbed.ts'

// `npm run testbed`: keeps one testbed up for a person, until Ctrl-C.
const USAGE = `Usage: npm run testbed
It keeps a vCenter API and guests up until Ctrl-C, on Linux and as root, and prints how to connect.`
const [argument] = process.argv.slice(2)
if (argument !== undefined) {
  const isHelp = argument === '--help'
  process.stderr.write(isHelp ? '' : `There is no argument "${argument}".\n`)
  process[isHelp ? 'stdout' : 'stderr'].write(`${USAGE}\n`)
  process.exit(isHelp ? 0 : 64)
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function describe(testbed: Testbed): Promise<string> {
  const { vcenter, hands, ssh, address } = testbed
  const template = await hands.provideTemplate({ name: 'web-base' })
  const [management, service] = [address('management', 0, 1), address('service', 0, 1)]
  await hands.provideMachine({ name: 'ap01', template, addresses: [management, service], autostart: true })
  const ca = join(ssh.file, '..', 'ca.pem')
  writeFileSync(ca, vcenter.ca)
  const options = `-i ${ssh.file} -o UserKnownHostsFile=${ssh.knownHosts} -p ${ssh.port}`
  return `
vCenter    ${vcenter.url}  (govmomi ${vcenter.version})
user       ${vcenter.username}
password   ${vcenter.password}
CA         ${ca}
template   web-base (${template}), in /DC0/vm
machine    ap01, on, at ${management} and ${service}

ssh ${options} ${ssh.username}@${management}
curl http://${service}:${testbed.applicationPort}/release

Addresses of this testbed: ${address('management', 0, 1)} to ${address('management', 15, 254)} for management,
${address('service', 0, 1)} to ${address('service', 15, 254)} for the service. Machines that you clone and switch on boot
within a moment; those without addresses (by customization, or in guestinfo.vmunit.addresses) get one. Ctrl-C ends it all.`
}

try {
  await using testbed = await startTestbed({ signal: stop.signal })
  say(await describe(testbed))
  if (!stop.signal.aborted) {
    await new Promise<void>((resolve) => {
      const alive = setInterval(() => {}, 60_000)
      stop.signal.addEventListener('abort', () => {
        clearInterval(alive)
        resolve()
      })
    })
  }
  say('Ending the testbed.')
} catch (error) {
  if (!stop.signal.aborted) {
    process.stderr.write(`${messageOf(error)}\n`)
    process.exitCode = 1
  }
}
