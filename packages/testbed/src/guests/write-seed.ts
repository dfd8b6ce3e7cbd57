import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runChecked } from '../processes/run-program.ts'
import type { GuestSettings } from './guest-settings.ts'

/** How a guest hangs on its network. */
export interface Plug {
  readonly unplugged: boolean
  readonly silent: boolean
}

/** Writes anew what a guest reads in `/run/seed` when it boots. */
export async function writeSeed(seed: string, settings: GuestSettings, plug: Plug): Promise<void> {
  const { hostKeyTypes = ['ed25519'], port = 22, applicationPort = 8080, password } = settings
  const sshd = [
    ...(settings.sshd ?? []),
    `Port ${port}`,
    `ListenAddress ${settings.addresses[0]}`,
    ...hostKeyTypes.map((type) => `HostKey /etc/ssh/ssh_host_${type}_key`),
    ...(password === undefined ? [] : ['PasswordAuthentication yes', 'PermitRootLogin yes']),
  ]
  await rm(seed, { recursive: true, force: true })
  await mkdir(join(seed, 'authorized_keys'), { recursive: true })
  const files: Record<string, string> = {
    hostname: settings.hostname,
    addresses: settings.addresses.join('\n'),
    identity: settings.identity,
    'host-key-types': hostKeyTypes.join('\n'),
    'application-port': String(applicationPort),
    'boot-id': randomUUID(),
    'sshd.conf': sshd.join('\n'),
    ...(password === undefined ? {} : { password: await hashOf(password) }),
    ...(settings.reuseHostKeys ? { 'reuse-host-keys': '' } : {}),
  }
  for (const [user, keys] of Object.entries(settings.authorizedKeys)) files[`authorized_keys/${user}`] = keys.join('\n')
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(seed, name), text && `${text}\n`)))
  // Whatever the mask of this process is, every user of the guest may read it.
  await runChecked(['chmod', '-R', 'a+rX,go-w', seed])
  await writePlug(seed, plug)
}

/** Writes how the guest hangs on its network; `/lib/guest/network` in the guest obeys. */
export async function writePlug(seed: string, plug: Plug): Promise<void> {
  for (const name of ['unplugged', 'silent'] as const) {
    if (plug[name]) await writeFile(join(seed, name), '')
    else await rm(join(seed, name), { force: true })
  }
}

async function hashOf(password: string): Promise<string> {
  return (await runChecked(['openssl', 'passwd', '-6', '-stdin'], { input: password })).trim()
}
