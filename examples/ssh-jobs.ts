// Runs a command, a job that outlives its connection, and a push in a guest over SSH (needs root).
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Tree } from '@vmunit/core'
import { createSshAccess } from '@vmunit/driver-ssh'
import { startTestbed } from '@vmunit/testbed'

// A guest on this machine. On a real one, its address and host keys come from the hypervisor or from known_hosts.
await using testbed = await startTestbed()
const { ssh, hands, guests } = testbed
const address = testbed.address('management', 0, 1)
const machine = await hands.provideMachine({
  name: 'ap01',
  template: await hands.provideTemplate({ name: 'web-base' }),
  addresses: [address],
})
const target = { address, hostKeys: await guests.hostKeys(machine) }

await using access = createSshAccess({ username: ssh.username, privateKey: ssh.privateKey, port: ssh.port })

// A command that may be repeated: its exit code decides, its output is bytes.
const first = await access.open(target)
const { exitCode, stdout } = await first.exec({ argv: ['cat', '/etc/release'] })
console.log(exitCode, Buffer.from(stdout).toString().trim())

// A job runs detached under an id of its own; the same id twice starts nothing.
const id = 'example/upgrade#1'
const command = { argv: ['sh', '-c', 'sleep 1; echo upgraded'] } as const
await first.startJob(id, command)
await first.startJob(id, command)
await first.close()

// Another connection, another process, another day: the job is found by its id.
await using second = await access.open(target)
let job = await second.job(id)
for (; job.state === 'busy'; job = await second.job(id)) await sleep(100)
console.log(job.state, job.state === 'done' ? Buffer.from(job.value.stdout).toString().trim() : '')

// A directory: what the guest has already does not travel, and the switch is atomic.
const text = Buffer.from('ServerName example\n')
const hash = createHash('sha256').update(text).digest('hex')
const tree: Tree = {
  hash: createHash('sha256').update(`httpd.conf ${hash}`).digest('hex'),
  files: [{ path: 'httpd.conf', hash, sizeBytes: text.length, executable: false }],
  async *read() {
    console.log('httpd.conf travels')
    yield text
  },
}
await second.push(tree, '/srv/definition')
console.log((await second.push(tree, '/srv/definition')) === tree.hash ? 'in place' : 'something else')
