import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  buildBaseRoot,
  createGuestHost,
  defaultStateDirectory,
  ensureRequirements,
  type GuestHost,
} from '@vmunit/testbed'
import { peerArchive } from './peer-tools.ts'

/** A guest as a client sees it. */
export interface BenchGuest {
  readonly address: string
  readonly hostKeys: readonly string[]
}

/** Guests to measure with, and how to come into them. */
export interface BenchGuests extends AsyncDisposable {
  readonly host: GuestHost
  readonly guests: readonly BenchGuest[]
  /** Files of the private key and of the known hosts, as `ssh` takes them. */
  readonly keyFile: string
  readonly knownHosts: string
  /** Options that every peer that uses `ssh` is given. */
  readonly sshOptions: readonly string[]
  /** Where the addresses stand, a line for each. */
  readonly hostsFile: string
}

const PORT = 22

/** Starts guests that have what the peers need in them; each with an address of its own. */
export async function startGuests(count: number): Promise<BenchGuests> {
  await ensureRequirements()
  await using opened = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-bench-'))
  opened.defer(async () => await rm(directory, { recursive: true, force: true }))
  const keyFile = join(directory, 'key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile])
  const publicKey = execFileSync('cat', [`${keyFile}.pub`], { encoding: 'utf8' }).trim()
  const baseRoot = await buildBaseRoot(join(defaultStateDirectory, 'base-root'))
  const host = opened.use(await createGuestHost({ directory: join(directory, 'guests'), baseRoot }))
  const settings = (name: string, address: string): Parameters<GuestHost['start']>[1] => ({
    hostname: name,
    addresses: [address],
    identity: name,
    authorizedKeys: { root: [publicKey] },
    port: PORT,
    sshd: ['MaxStartups 200:30:400'],
  })

  const first = '127.77.245.250'
  await host.start('original', settings('original', first))
  const key = `${first} ${(await host.hostKeys('original'))[0]}\n`
  const knownHosts = join(directory, 'known_hosts')
  await writeFile(knownHosts, key)
  const sshOptions = [
    '-i',
    keyFile,
    '-o',
    `UserKnownHostsFile=${knownHosts}`,
    '-o',
    'BatchMode=yes',
    '-p',
    String(PORT),
  ]
  execFileSync('ssh', [...sshOptions, `root@${first}`, 'tar', '-x', '-C', '/'], { input: peerArchive() })
  await host.powerOff('original')

  const guests = await Promise.all(
    Array.from({ length: count }, async (_, index): Promise<BenchGuest> => {
      const name = `guest-${index + 1}`
      const address = `127.77.${246 + Math.floor(index / 200)}.${(index % 200) + 1}`
      await host.clone('original', name)
      await host.start(name, settings(name, address))
      return { address, hostKeys: await host.hostKeys(name) }
    }),
  )
  const lines = guests.flatMap(({ address, hostKeys }) => hostKeys.map((each) => `${address} ${each}\n`))
  await writeFile(knownHosts, lines.join(''))
  const hostsFile = join(directory, 'hosts')
  await writeFile(hostsFile, guests.map(({ address }) => `${address}\n`).join(''))
  const rest = opened.move()
  return {
    host,
    guests,
    keyFile,
    knownHosts,
    sshOptions,
    hostsFile,
    [Symbol.asyncDispose]: async () => await rest.disposeAsync(),
  }
}
