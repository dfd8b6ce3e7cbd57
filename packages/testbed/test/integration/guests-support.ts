import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildBaseRoot } from '../../src/base-root/build-base-root.ts'
import { createGuestHost, type GuestHost } from '../../src/guests/guest-host.ts'
import type { GuestSettings } from '../../src/guests/guest-settings.ts'
import { claimInstance, type Instance } from '../../src/instance/claim-instance.ts'
import { createSshIdentity, type SshIdentity } from '../../src/instance/ssh-identity.ts'
import { type ProgramResult, runProgram } from '../../src/processes/run-program.ts'
import { ensureRequirements } from '../../src/requirements/ensure-requirements.ts'
import { defaultStateDirectory } from '../../src/vcsim/state-directory.ts'

/** A host for guests without a vCenter, at a place of its own. */
export interface Lab extends AsyncDisposable {
  readonly host: GuestHost
  readonly instance: Instance
  readonly identity: SshIdentity
  /** What guest number `n` is to be. */
  settings(n: number): GuestSettings
  /** Runs a command in a guest by the real client; the guest must prove a key that is known of it. */
  ssh(
    n: number,
    command: string,
    options?: { readonly user?: string; readonly keys?: readonly string[]; readonly timeoutSeconds?: number },
  ): Promise<ProgramResult>
}

export async function openLab(): Promise<Lab> {
  await ensureRequirements()
  const stack = new AsyncDisposableStack()
  const instance = stack.use(await claimInstance(defaultStateDirectory))
  const identity = await createSshIdentity(instance.directory)
  const baseRoot = await buildBaseRoot(join(defaultStateDirectory, 'base-root'))
  const host = stack.use(await createGuestHost({ directory: instance.guests, baseRoot }))
  let files = 0
  return {
    host,
    instance,
    identity,
    settings: (n) => ({
      hostname: `guest-${n}`,
      addresses: [instance.address('management', 0, n), instance.address('service', 0, n)],
      identity: `machine-${n}`,
      authorizedKeys: { root: [identity.publicKey], deploy: [identity.publicKey] },
    }),
    async ssh(n, command, { user = 'root', keys, timeoutSeconds = 5 } = {}) {
      const address = instance.address('management', 0, n)
      files += 1
      const known = join(instance.directory, `known-${files}`)
      for (const key of keys ?? (await host.hostKeys(`vm-${n}`))) appendFileSync(known, `${address} ${key}\n`)
      const options = [
        `UserKnownHostsFile=${known}`,
        'StrictHostKeyChecking=yes',
        'BatchMode=yes',
        `ConnectTimeout=${timeoutSeconds}`,
      ]
      const flags = options.flatMap((option) => ['-o', option])
      return await runProgram(['ssh', '-F', '/dev/null', '-i', identity.file, ...flags, `${user}@${address}`, command])
    },
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  }
}

/** What an HTTP server answers; undefined when nothing answers. */
export async function httpGet(address: string, path: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://${address}:8080${path}`, { signal: AbortSignal.timeout(2000) })
    return await answer.text()
  } catch {
    return undefined
  }
}
