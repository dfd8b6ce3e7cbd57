import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GuestTarget } from '@vmunit/core'
import { newKeyPair } from './new-key-pair.ts'
import { until } from './until.ts'

/** An sshd of this machine itself, with its tools: another userland than that of the guests. */
export interface MachineSshd extends AsyncDisposable {
  readonly target: GuestTarget
  /** A directory that is gone afterwards. */
  readonly directory: string
}

export async function startMachineSshd(address: string, publicKey: string): Promise<MachineSshd> {
  const directory = await mkdtemp(join(tmpdir(), 'machine-sshd-'))
  const hostKey = newKeyPair()
  await writeFile(join(directory, 'host_key'), hostKey.private, { mode: 0o600 })
  await writeFile(join(directory, 'authorized_keys'), `${publicKey}\n`)
  await writeFile(
    join(directory, 'sshd_config'),
    [
      `ListenAddress ${address}:2022`,
      `HostKey ${directory}/host_key`,
      `AuthorizedKeysFile ${directory}/authorized_keys`,
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin prohibit-password',
      'PidFile none',
    ].join('\n'),
  )
  // sshd wants an empty directory in /run; it gets a /run of its own.
  const start = `mount -t tmpfs none /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f ${directory}/sshd_config`
  const sshd = spawn('unshare', ['--mount', 'sh', '-c', start], { stdio: 'ignore' })
  const ended = new Promise((resolve) => sshd.once('close', resolve))
  await until(() => answers(address, 2022), Boolean)
  return {
    target: { address, port: 2022, hostKeys: [hostKey.public] },
    directory,
    async [Symbol.asyncDispose]() {
      sshd.kill()
      await ended
      await rm(directory, { recursive: true })
    },
  }
}

async function answers(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = net.connect({ host, port }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
